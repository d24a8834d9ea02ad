"""Tables of the gate of class shares, and of weights by source."""

from __future__ import annotations

import statistics
from typing import Any


def gates_table(result: dict[str, Any], row: Any, ran_on: Any) -> str:
    """Return false alarms and misses by family, beside the checks that were asked before."""
    lines = [
        f"### {result['title']}",
        "",
        row(
            [
                *("domains as features", "source right on target, %", "cases"),
                *("false alarms, %", "misses, %"),
                *("one check alone, %", "all checks, %", "CPU-s"),
            ]
        ),
        row(["---", "---:", "---:", "---:", "---:", "---:", "---:", "---:"]),
    ]
    for family, found in result["families"].items():
        mark = " *" if family in result["picked_on"] else ""
        cells = [
            family + mark,
            f"{100 * found['right']:.0f}",
            " + ".join(map(str, found["cases"])),
            *(f"{100 * value:.0f}" for value in found["gate"]),
            *(" / ".join(f"{100 * v:.0f}" for v in found[name]) for name in ("alone", "all")),
            f"{found['cpu_s']:.2f}",
        ]
        lines.append(row(cells))
    said = (
        "Cases: of like shares + of shifted ones (total variation of 0.3 and more). \\* looked at "
        "when constants were picked. The checks, false alarms / misses, on two pairs a family: "
        "label-shift alone was the gate before; with all checks it never fired. "
    )
    lines += ["", said + ran_on(result), "", *_curve(result, row)]
    return "\n".join(lines)


def _curve(result: dict[str, Any], row: Any) -> list[str]:
    words = {
        "beyond": "distance beyond what is explained, at least",
        "wrong answers weigh": "answers that may be wrong weigh",
        "distance alone": "the distance alone, at least",
    }
    lines = [
        row(["families not picked on: rule", "value", "false alarms, %", "misses, %"]),
        row(["---", "---:", "---:", "---:"]),
    ]
    for name, values in result["curve"].items():
        for at, (false, missed) in values.items():
            lines.append(row([words[name], at, f"{100 * false:.1f}", f"{100 * missed:.1f}"]))
    return lines


def sources_table(result: dict[str, Any], row: Any, ran_on: Any) -> str:
    """Return the mean over targets by family, and on how many a point is won or lost."""
    lines = [
        f"### {result['title']}",
        "",
        row(["family", "targets", "pooled, %", "source-weights, %", "over by 1", "under by 1"]),
        row(["---", "---:", "---:", "---:", "---:", "---:"]),
    ]
    for family, found in result["families"].items():
        gains = [100 * (one["source-weights"] - one["pooled"]) for one in found]
        cells = [family, str(len(found))]
        for name in ("pooled", "source-weights"):
            cells.append(f"{100 * statistics.fmean(one[name] for one in found):.1f}")
        cells += [str(sum(gain > 1 for gain in gains)), str(sum(gain < -1 for gain in gains))]
        lines.append(row(cells))
    said = "Accuracy of a ridge head on frozen features; all other domains are the sources. "
    return "\n".join([*lines, "", said + ran_on(result)])
