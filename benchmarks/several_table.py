"""The table of several modalities: each alone, all together, and with some missing."""

from __future__ import annotations

import statistics
from typing import Any


def several_table(result: dict[str, Any], row: Any, ran_on: Any) -> str:
    """Return one line a model, one column a set of modalities; seeds' spread behind the first."""
    models = result["models"]
    sets = max((found["sets"] for found in models.values()), key=len)
    names = [tuple(one["parts"]) for one in sets]
    lines = [
        f"### {result['title']}",
        "",
        row(["model", *(" + ".join(name) for name in names), "CPU-s, 3 seeds"]),
        row(["---", *["---:"] * (len(names) + 1)]),
    ]
    for label, found in models.items():
        score = {tuple(one["parts"]): one for one in found["sets"]}
        lines.append(
            row([label, *(_cell(score.get(name)) for name in names), f"{found['cpu_s']:.0f}"])
        )
    judged = max(found.get("rows", 0) for found in models.values())
    said = (
        f"Accuracy in %, mean of 3 seeds (their spread), judged on {judged:,} rows. A model of all "
        "was trained once; the other columns are the same model with modalities taken away."
    )
    return "\n".join([*lines, "", f"{said} {ran_on(result)}"])


def _cell(one: dict[str, Any] | None) -> str:
    if one is None:
        return ""
    seeds = [100 * value for value in one["per_seed"]]
    spread = f" ({statistics.pstdev(seeds):.1f})" if len(seeds) > 1 else ""
    return f"{100 * one['mean']:.1f}{spread}"
