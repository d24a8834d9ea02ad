"""The table of trees on tables whose target has no labels."""

from __future__ import annotations

import statistics
from typing import Any

GROUPS = {"heart": "heart, 12 pairs", "breast": "breast cancer, 2", "wine": "wine, 2"}


def trees_table(result: dict[str, Any], row: Any, ran_on: Any) -> str:
    """Return mean accuracies by table, and on how many tasks a method is under the probe."""
    tasks = result["tasks"]
    names = list(next(iter(tasks.values()))["methods"])
    lines = [
        f"### {result['title']}",
        "",
        row(["method", *GROUPS.values(), "under the probe", "CPU-s a fit"]),
        row(["---", *["---:"] * (len(GROUPS) + 2)]),
    ]

    def mean(task: dict[str, Any], name: str) -> float:
        return 100 * statistics.fmean(task["methods"][name]["accuracy"])

    for name in names:
        cells = [name]
        for group in GROUPS:
            own = [mean(task, name) for key, task in tasks.items() if key.startswith(group)]
            cells.append(f"{statistics.fmean(own):.1f}")
        below = sum(mean(task, name) < mean(task, "probe") for task in tasks.values())
        seconds = statistics.fmean(task["methods"][name]["cpu_s"] for task in tasks.values())
        lines.append(row([*cells, f"{below} of {len(tasks)}", f"{seconds:.1f}"]))
    said = "Accuracy in % on the target, which has no label; 3 seeds."
    return "\n".join([*lines, "", f"{said} {ran_on(result)}"])
