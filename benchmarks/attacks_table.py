"""The table of robustness_beside_art.py, for tables.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def attacks_table(
    result: dict[str, Any],
    row: Callable[[Sequence[str]], str],
    ran_on: Callable[[dict[str, Any]], str],
) -> str:
    """Return accuracy under each attack at each size, ours and ART's."""
    sizes = result["sizes"]
    heads = ["attack", *(f"{size}: {who}" for size in sizes for who in ("ours", "ART"))]
    lines = [f"### {result['title']}", "", row(heads), row(["---"] + ["---:"] * (len(heads) - 1))]
    for attack in next(iter(sizes.values())):
        cells = [
            f"{100 * sizes[size][attack][who]:.1f}" if attack in sizes[size] else ""
            for size in sizes
            for who in ("ours", "art")
        ]
        lines.append(row([f"`{attack}`", *cells]))
    lines += ["", f"Per cent right of {result['images']} images; lower is a stronger attack."]
    return "\n".join([*lines, "", ran_on(result)])
