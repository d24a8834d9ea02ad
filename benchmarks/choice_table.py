"""The table of choice.py, for tables.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def choice_table(
    result: dict[str, Any],
    row: Callable[[Sequence[str]], str],
    ran_on: Callable[[dict[str, Any]], str],
) -> str:
    """Return what each way to choose gained, by part of the tasks."""
    heads = ["tasks", "way", "mean gain", "best possible", "regret", "hurt", "worst"]
    lines = [f"### {result['title']}", "", row(heads), row(["---", "---"] + ["---:"] * 5)]
    for part, found in result["summary"].items():
        ways = found["ways"]
        rest = [name for name in ways if name not in ("auto", "best")]
        rest.sort(key=lambda name: -ways[name]["gain"])
        for name in ("auto", *rest[:3]):
            one = ways[name]
            cells = [f"{part}, {found['tasks']}" if name == "auto" else "", name]
            cells += [f"{one['gain']:+.1f}", f"{ways['best']['gain']:+.1f}", f"{one['regret']:.1f}"]
            lines.append(row([*cells, str(one["hurt"]), f"{one['worst']:.1f}"]))
    seconds = sorted(one["choosing_cpu_s"] for one in result["rows"])
    lines += [
        "",
        "Points of accuracy over the probe, on at most 600 rows a side; beside auto the three "
        "fixed methods that gained most. *Hurt*: tasks that lost more than a point. *Best "
        "possible* and "
        "*regret* read the labels. Choosing took "
        f"{seconds[len(seconds) // 2]:.1f} CPU-s at the median.",
    ]
    return "\n".join([*lines, "", ran_on(result)])
