"""The table of hardening.py, for tables.py."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any


def hardening_table(
    result: dict[str, Any],
    row: Callable[[Sequence[str]], str],
    ran_on: Callable[[dict[str, Any]], str],
) -> str:
    """Return clean and robust accuracy and the cost of each method, means over seeds."""
    size = result["size"]
    eps = [f"{round(255 * s)}/255" if size < 0.1 else f"{s:g}" for s in (size / 2, size)]
    heads = ["method", "clean", f"at {eps[0]}", f"at {eps[1]}", "by seed", "CPU-s, run"]
    lines = [f"### {result['title']}", "", row(heads), row(["---", *["---:"] * 3, "---", "---:"])]
    for found in result["rows"]:
        own = found["seeds"]

        def mean(key: str, own: Any = own) -> float:
            return statistics.fmean(one[key] for one in own)

        cells = [f"{100 * mean(key):.1f}" for key in ("clean", "half", "whole")]
        seeds = ", ".join(f"{100 * one['whole']:.1f}" for one in own)
        lines.append(row([f"`{found['method']}`", *cells, seeds, f"{mean('cpu_s'):.0f}"]))
    lines += [
        "",
        f"Per cent right of {result['images']} images; robust against APGD by two losses.",
    ]
    return "\n".join([*lines, "", ran_on(result)])
