"""The table of strengths.py, for tables.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def strengths_table(
    result: dict[str, Any],
    row: Callable[[Sequence[str]], str],
    ran_on: Callable[[dict[str, Any]], str],
) -> str:
    """Return what default, reverse validation and the best value gain, by option."""
    parts = result["summary"]
    heads = ["method: option"]
    for name, found in parts.items():
        heads += [f"{name}, {found['tasks']}: default", "`auto`", "best"]
    lines = [f"### {result['title']}", "", row(heads), row(["---"] + ["---:"] * (len(heads) - 1))]
    for option in next(iter(parts.values()))["options"]:
        cells = [f"`{option.split(':')[0]}`: {option.split(':')[1]}"]
        for found in parts.values():
            one = found["options"][option]
            cells += [f"{one[way]['gain']:+.1f} ({one[way]['hurt']})" for way in WAYS]
            cells.append(f"{one['best']:+.1f}")
        lines.append(row(cells))
    lines += [
        "",
        "Points of accuracy over the probe on frozen features, without target labels; in brackets "
        "the tasks that lost more than a point. *Best* reads the labels. The default is the "
        "method's own.",
    ]
    return "\n".join([*lines, "", ran_on(result)])


WAYS = ("default", "chosen")
