"""The table of estimates.py, for tables.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

NEAR = 0.25


def estimates_table(
    result: dict[str, Any],
    row: Callable[[Sequence[str]], str],
    ran_on: Callable[[dict[str, Any]], str],
) -> str:
    """Return what was planned of each task, and what it took."""
    tasks = result["tasks"]
    heads = ["task, method, rows of each side", "CPU-s planned", "taken", ""]
    heads += ["MB planned", "taken", ""]
    lines = [f"### {result['title']}", "", row(heads), row(["---"] + ["---:"] * 6)]
    off = []
    for name, one in tasks.items():
        cells = [name]
        for what, digits in (("cpu", 1), ("mb", 0)):
            said, was = one[f"{what}_planned"], one[what]
            off.append(abs(said / was - 1))
            cells += [f"{said:.{digits}f}", f"{was:.{digits}f}", f"{100 * (said / was - 1):+.0f} %"]
        lines.append(row(cells))
    within = [sum(gap <= NEAR for gap in off[start::2]) for start in (0, 1)]
    lines += [
        "",
        f"Within {100 * NEAR:.0f} %: {within[0]} of {len(tasks)} in CPU time, {within[1]} in "
        "memory. What a row costs was measured in the run itself, on a machine that others kept "
        "busy; the constants of the arithmetic (`runs/estimates.py`) were set on the same "
        "tasks.",
    ]
    return "\n".join([*lines, "", ran_on(result)])
