"""What answers of several labels look like: each label by itself, and all together."""

from __future__ import annotations

from typing import Any

import numpy as np

from landbridge.base import formatting as fmt
from landbridge.metrics.multilabel import multilabel_metrics, per_label_metrics
from landbridge.targets.base import target_type

from .figures import accuracy_axis, estimate, scale
from .read import Answers, RunFiles
from .svg import Mark
from .view_answers import pair

_MULTILABEL = target_type("several")


def several_view(run: RunFiles) -> dict[str, Any] | None:
    """Return F1 of each label, chosen against reference, and the figures over all labels."""
    names = [str(n) for n in run.get("labels").get("classes") or []]
    chosen, reference = (
        [table for one in side if (table := _table(one, names)) is not None] for side in pair(run)
    )
    if not chosen or not names:
        return None
    new, old = _mean_f1(chosen), _mean_f1(reference) if reference else None
    count = per_label_metrics(*chosen[0])["n"]
    marks = []
    for i in range(len(names)):
        own = [Mark(fmt.number(float(new[i])), kind="chosen")]
        if old is not None:
            own.append(Mark(fmt.number(float(old[i])), kind="baseline"))
        marks.append(own)
    axis = accuracy_axis([m for both in marks for m in both])
    rows = [
        {
            "name": name,
            "rows": fmt.count(int(count[i])),
            "new": fmt.percent(float(new[i])),
            "change": "" if old is None else fmt.signed(float(new[i] - old[i])),
            "track": estimate(axis, marks[i], f"{name}: F1 {fmt.percent(float(new[i]))}", 26),
        }
        for i, name in enumerate(names)
    ]
    sides = [chosen] if old is None else [chosen, reference]
    means = [
        {key: float(np.mean([f[key] for f in found])) for key in found[0]}
        for found in ([multilabel_metrics(*table) for table in side] for side in sides)
    ]
    methods = [side[0].method for side in pair(run) if side][: len(sides)]
    return {
        "rows": rows,
        "scale": scale(axis),
        "methods": methods,
        "table": [
            (key, [fmt.percent(found[key]) for found in means], _MEANING[key]) for key in means[0]
        ],
        "seeds": len(chosen),
    }


_MEANING = {
    "micro F1": "over all pairs of example and label",
    "macro F1": "mean over labels, rare ones count as much",
    "subset accuracy": "every label of the example right",
    "Jaccard index": "mean overlap of answered and true labels",
    "mean average precision": "is what applies ranked before what does not?",
}


def _table(one: Answers, names: list[str]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return truth and probabilities (n, k) of the rows whose truth is known."""
    if not one.known.any():
        return None
    kept = [[n for n in row if n in names] for row in one.true[one.known]]
    true = _MULTILABEL.encode(kept, names)
    if one.probability is not None:
        return true, one.probability[one.known]
    said = [[n for n in row if n in names] for row in one.predicted[one.known]]
    return true, _MULTILABEL.encode(said, names).astype(float)


def _mean_f1(tables: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    return np.nan_to_num(np.mean([per_label_metrics(*table)["f1"] for table in tables], axis=0))
