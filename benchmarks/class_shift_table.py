"""Tables of class_shift.py and open_set.py, for tables.py."""

from __future__ import annotations

from typing import Any

import numpy as np

LEAST = 0.005
"""A loss under half a point is not called a hurt."""


def class_shift_table(result: dict[str, Any]) -> str:
    """Return accuracy and gain over source only by version of the target; what hurts is bold."""
    versions = result["versions_of_target"]
    heads = [f"{name} ({found['rows']:,} rows)" for name, found in versions.items()]
    lines = [
        f"### {result['title']}",
        "",
        f"Accuracy in %, mean of {result['seeds']} seeds, and the gain over source only with its "
        "smallest and largest by seed; **hurt** where the mean loses half a point or more.",
        "",
        _row(["method", *heads, "CPU-s a fit"]),
        _row(["---"] + ["---"] * len(heads) + ["---:"]),
    ]
    first = next(iter(versions.values()))["methods"]
    for method in first:
        cells, cost = [], []
        for found in versions.values():
            own = np.array(found["methods"][method]["accuracy"])
            gain = own - np.array(found["methods"]["source-only"]["accuracy"])
            cost.append(found["methods"][method]["cpu_s"])
            text = f"{100 * own.mean():.1f}"
            if method != "source-only":
                low, high = 100 * gain.min(), 100 * gain.max()
                text += f" ({100 * gain.mean():+.1f}, {low:+.1f} to {high:+.1f})"
            cells.append(f"{text} **hurt**" if gain.mean() <= -LEAST else text)
        lines.append(_row([method, *cells, f"{np.mean(cost):.1f}"]))
    return "\n".join([*lines, "", _ran_on(result)])


def open_set_table(result: dict[str, Any]) -> str:
    """Return shares called unknown: of new source rows, of known and of unknown target rows."""
    lines = [
        f"### {result['title']}",
        "",
        f"Share of rows called unknown in %, mean of {result['seeds']} seeds. The rate is promised "
        "for new source rows.",
        "",
        _row(["method", "score", "rate", "new source", "target, known", "target, unknown"]),
        _row(["---", "---", "---:", "---:", "---:", "---:"]),
    ]
    for method, found in result["methods"].items():
        for key, shares in found["rows"].items():
            score, rate = key.split(" ")
            values = [f"{100 * share:.1f}" for share in shares.values()]
            lines.append(_row([method, score, f"{100 * float(rate):g} %", *values]))
    return "\n".join([*lines, "", _ran_on(result)])


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _ran_on(result: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return f"{result['cpu']}, 1 thread, {versions}, {result['date']}."
