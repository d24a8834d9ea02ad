"""What answers of several labels look like: each label by itself, and all together."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.metrics.multilabel import multilabel_metrics, per_label_metrics
from landbridge.targets.registry import get_target_type

from ..blocks import Blocks, Estimate, Table, forest, lead
from ..inline import keys, sentence
from ..svg import Mark
from .base import pair
from .read import Predictions, RunFiles

_MULTILABEL = get_target_type("multilabel")


def labels(run: RunFiles) -> Blocks | None:
    """Return F1 of each label, chosen against reference, and the figures over all labels."""
    names = [str(n) for n in run.get("labels").get("classes") or []]
    chosen, reference = (
        [table for one in side if (table := _table(one, names)) is not None] for side in pair(run)
    )
    if not chosen or not names:
        return None
    sides = [side for side in (chosen, reference) if side]
    f1 = [_mean_f1(side) for side in sides]
    count = per_label_metrics(*chosen[0])["n"]
    rows = []
    for i, name in enumerate(names):
        own = [float(side[i]) for side in f1]
        marks = [Mark(v, kind=kind) for v, kind in zip(own, ("chosen", "baseline"), strict=False)]
        change = fmt.signed(own[0] - own[1]) if len(own) > 1 else ""
        said, label = fmt.percent(own[0]), f"{name}: F1 {fmt.percent(own[0])}"
        rows.append(Estimate(name, marks, said, fmt.count(int(count[i])), change, label=label))
    means = [
        {key: float(np.mean([f[key] for f in found])) for key in found[0]}
        for found in ([multilabel_metrics(*table) for table in side] for side in sides)
    ]
    methods = [side[0].method for side in pair(run) if side][: len(sides)]
    figures = [
        [sentence(key), *(fmt.percent(found[key]) for found in means), _MEANING[key]]
        for key in means[0]
    ]
    text = Markup(
        "F1 of each label: how well having it and not having it are told apart. {}"
    ).format(keys(methods))
    text += f" Means over {len(chosen)} seeds." if len(chosen) > 1 else ""
    heads = ["Figure", *methods, "What it is"]
    return [
        lead(text),
        forest(rows, height=26),
        Table(heads, figures, range(1, len(heads) - 1), "Figures of the answers"),
    ]


_MEANING = {
    "micro F1": "over all pairs of example and label",
    "macro F1": "mean over labels, rare ones count as much",
    "subset accuracy": "every label of the example right",
    "Jaccard index": "mean overlap of answered and true labels",
    "mean average precision": "is what applies ranked before what does not?",
}


def _table(one: Predictions, names: list[str]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return truth and probabilities (n, k) of the rows whose truth is known."""
    if not one.has_truth.any():
        return None
    kept = [[n for n in row if n in names] for row in one.true[one.has_truth]]
    true = _MULTILABEL.encode(kept, names)
    if one.probability is not None:
        return true, one.probability[one.has_truth]
    said = [[n for n in row if n in names] for row in one.predicted[one.has_truth]]
    return true, _MULTILABEL.encode(said, names).astype(float)


def _mean_f1(tables: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    return np.nan_to_num(np.mean([per_label_metrics(*table)["f1"] for table in tables], axis=0))
