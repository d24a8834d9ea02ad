"""Tables of one space for several modalities, and of distillation between them."""

from __future__ import annotations

import statistics
from typing import Any


def across_table(result: dict[str, Any], row: Any, ran_on: Any) -> str:
    """Return how often the first answer belongs to the query, and classes named in words."""
    seeds = result["seeds"]
    lines = [
        f"### {result['title']}",
        "",
        row(["who asks → who answers", "first answer belongs, %", "by chance, %"]),
        row(["---", "---:", "---:"]),
    ]
    for way in seeds[0]["recall"]:
        chance = statistics.fmean(seed["chance"][way] for seed in seeds)
        cells = [way, _mean([seed["recall"][way] for seed in seeds]), f"{100 * chance:.1f}"]
        lines.append(row(cells))
    for part in seeds[0]["named"]:
        own = [seed["named"][part] for seed in seeds]
        lines.append(row([f"{part}, ten classes named in words", _mean(own), "10.0"]))
    cost = statistics.fmean(seed["cpu_s"] for seed in seeds)
    said = f"Mean of {len(seeds)} seeds (their spread), {cost:.0f} CPU-s a seed."
    return "\n".join([*lines, "", f"{said} {ran_on(result)}"])


def distillation_table(result: dict[str, Any], row: Any, ran_on: Any) -> str:
    """Return teacher, student without labels, and a student with a few labels."""
    lines = [
        f"### {result['title']}",
        "",
        row(["teacher → student", "teacher", "student, no label", "5 labels a class", "CPU-s"]),
        row(["---", "---:", "---:", "---:", "---:"]),
    ]
    for way, found in result["ways"].items():
        own, few = found["student"], found["few"]
        cells = [
            way,
            f"{100 * found['teacher']:.1f}",
            f"{100 * own['mean']:.1f} ({100 * own['low']:.1f} to {100 * own['high']:.1f})",
            f"{100 * few['mean']:.1f} ({100 * few['low']:.1f} to {100 * few['high']:.1f})",
            f"{found['cpu_s']:.0f}",
        ]
        lines.append(row(cells))
    said = "Accuracy in %, 3 seeds, judged on 1,000 rows of other pictures and other speakers."
    return "\n".join([*lines, "", f"{said} {ran_on(result)}"])


def _mean(values: list[float]) -> str:
    shares = [100 * value for value in values]
    return f"{statistics.fmean(shares):.1f} ({statistics.pstdev(shares):.1f})"
