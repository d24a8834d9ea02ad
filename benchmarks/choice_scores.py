"""What each score tells alone and left out, what the gate and the guard save and cost.

Read from the figures that choice.py keeps of every method, so nothing is fitted again. Here all
eleven fixed methods stand, and not only those whose conditions hold: what is judged are scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

SCORES = ("class_ami", "infomax", "ensv")
THRESHOLDS = (-0.10, -0.05, -0.02, 0.0, 0.02, 0.05, 0.10, 0.20)
"""Of what FineAMI and the spread of answers gain together; the guard's is -0.02."""

Row = Mapping[str, Any]


def ways_to_choose(rows: Iterable[Row]) -> dict[str, Any]:
    """Return what ways to choose among all fixed methods give, on tasks with clusters."""
    from choice import figures

    rows = [r for r in rows if r["evidence"]["clusters"] and not r["evidence"]["few_rows"]]
    base = np.array([row["accuracy"][row["reference"]] for row in rows])
    best = np.array([max(row["accuracy"].values()) for row in rows])
    ways = {f"{name} alone": ((name,), True) for name in SCORES}
    ways |= {
        f"without {name}": (tuple(score for score in SCORES if score != name), True)
        for name in SCORES
    }
    ways |= {"all three": (SCORES, True), "all three, no gate": (SCORES, False)}
    found = {}
    for how, (scores, gated) in ways.items():
        own = np.array([row["accuracy"][by_ranks(row, scores, gated)] for row in rows])
        found[how] = figures(own, base, best)
    return {"tasks": len(rows), "ways": found, "guard": guard(rows)}


def by_ranks(row: Row, scores: Sequence[str], gated: bool) -> str:
    """Return the method of the best sum of ranks; equal sums keep the reference."""
    from scipy.stats import rankdata

    seen = row["evidence"]
    names = [n for n in seen["figures"] if not (gated and n in seen["gated"])]
    sums = np.zeros(len(names))
    for score in scores:
        values = [-seen["figures"][name].get(score, -np.inf) for name in names]
        sums += rankdata(np.nan_to_num(values, nan=np.inf))
    away = [name != row["reference"] for name in names]
    return names[int(np.lexsort((away, sums.round(9)))[0])]


def guard(rows: Sequence[Row], method: str = "consensus") -> list[dict[str, float]]:
    """Return the operating curve of the guard for the one candidate of such tasks.

    At each threshold: how often the candidate is taken, the gain, how many it hurts, what of the
    losses of always taking it is saved, and what of the gains is lost.
    """
    change, gain = [], []
    for row in rows:
        seen = row["evidence"]["figures"]
        if method not in row["accuracy"] or "fine_ami" not in seen.get(method, {}):
            continue
        ours, theirs = seen[method], seen[row["reference"]]
        change.append(sum(ours[key] - theirs[key] for key in ("fine_ami", "spread")))
        gain.append(100 * (row["accuracy"][method] - row["accuracy"][row["reference"]]))
    evidence, points = np.array(change), np.array(gain)
    curve = []
    for threshold in THRESHOLDS:
        taken = ~(evidence < threshold)
        curve.append(
            {
                "threshold": threshold,
                "taken": round(float(taken.mean()), 3),
                "gain": round(float((points * taken).mean()), 2),
                "hurt": int((points[taken] < -1).sum()),
                "saved": round(float(-points[~taken].clip(max=0).sum() / len(points)), 2),
                "lost": round(float(points[~taken].clip(min=0).sum() / len(points)), 2),
            }
        )
    return curve
