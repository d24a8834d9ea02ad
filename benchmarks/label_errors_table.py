"""The table of label_errors.py, for tables.py."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

NOISE = {"any": "any other class", "pairs": "the next class"}


def label_errors_table(
    result: dict[str, Any],
    row: Callable[[Sequence[str]], str],
    ran_on: Callable[[dict[str, Any]], str],
) -> str:
    """Return precision and recall of suspects by set and noise, ours and cleanlab's."""
    recall = f"precision at {100 * result['recall']:.0f} % recall, %"
    heads = ["data", "wrong labels are", "who", "precision, %", "recall, %", recall]
    lines = [f"### {result['title']}", "", row(heads), row(["---"] * 3 + ["---:"] * 3)]
    for name, found in result["sets"].items():
        for noise, runs in found["noise"].items():
            for who, seeds in runs.items():
                own = who == "ours"
                means = [
                    100 * statistics.fmean(one[key] for one in seeds)
                    for key in ("precision", "recall", "precision_at_recall")
                ]
                cells = [f"{mean:.1f}" for mean in means]
                lines.append(row([name if own else "", NOISE[noise] if own else "", who, *cells]))
    said = f"Mean of {result['seeds']} seeds; all get the same probabilities out of fold."
    return "\n".join([*lines, "", f"{said} {ran_on(result)}"])
