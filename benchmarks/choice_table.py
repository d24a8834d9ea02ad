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
    base = "the baseline that the cross-validation gives" if result.get("labels") else "the probe"
    seeds = ", ".join(map(str, result.get("seeds", [0])))
    lines += [
        "",
        f"Points of accuracy over {base}, on at most 600 rows a side, seeds "
        f"{seeds}; beside auto the three fixed methods that gained "
        "most. *Hurt*: tasks that lost more than a point. *Best possible* and *regret* read the "
        "labels.",
    ]
    if "scores" in result:
        lines += ["", *scores(result["scores"], row)]
    return "\n".join([*lines, "", ran_on(result)])


def scores(found: dict[str, Any], row: Callable[[Sequence[str]], str]) -> list[str]:
    """Return what each score tells alone and left out, and the operating curve of the guard."""
    heads = [
        f"choosing among eleven, {found['tasks']} tasks",
        "mean gain",
        "regret",
        "hurt",
        "worst",
    ]
    lines = [row(heads), row(["---"] + ["---:"] * 4)]
    for name, one in found["ways"].items():
        cells = [f"{one['gain']:+.1f}", f"{one['regret']:.1f}", str(one["hurt"])]
        lines.append(row([name, *cells, f"{one['worst']:.1f}"]))
    heads = ["guard at", "`consensus` taken", "mean gain", "hurt", "losses saved", "gains lost"]
    lines += ["", row(heads), row(["---:"] * 6)]
    for one in found["guard"]:
        cells = [f"{one['threshold']:+.2f}", f"{100 * one['taken']:.0f} %", f"{one['gain']:+.1f}"]
        lines.append(row([*cells, str(one["hurt"]), f"{one['saved']:.1f}", f"{one['lost']:.1f}"]))
    return lines
