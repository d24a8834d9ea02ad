"""Boosted trees grown by scikit-learn, as a head layer that needs no scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...inference.trees import Trees


def boosted_trees(
    x: np.ndarray,
    y: np.ndarray,
    n_classes: int,
    seed: int,
    weights: np.ndarray | None = None,
    **options: Any,
) -> Trees:
    """Grow histogram gradient-boosted trees, and return them as arrays.

    Parameters
    ----------
    x : ndarray, shape (n, d)
        Finite.
    y : ndarray, shape (n,)
        Classes as int below `n_classes`, or numbers as float.
    n_classes : int
        Columns of the answer; not read for numbers, which have one.
    seed : int
    weights : ndarray, shape (n,), optional
        Of the rows; all count the same by default.
    options
        Of scikit-learn's HistGradientBoostingClassifier and -Regressor.

    Returns
    -------
    Trees
        Logits (n, n_classes): a class without a row is 30 below the least; or the number (n, 1).

    Examples
    --------
    >>> from landbridge.inference.layers import apply
    >>> x = np.arange(40.0)[:, None]
    >>> trees = boosted_trees(x, (x[:, 0] > 19).astype(int), 2, seed=0, min_samples_leaf=5)
    >>> apply([trees], np.array([[3.0], [30.0]])).argmax(1).tolist()
    [0, 1]
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    if y.dtype.kind == "f":
        model = HistGradientBoostingRegressor(random_state=seed, **options).fit(x, y, weights)
        return _arrays(model, [[(0, 1.0)]], 1, None)
    classes = np.unique(y)
    if len(classes) == 1:
        base = np.where(np.arange(n_classes) == classes[0], 0.0, -30.0)
        return constant_trees(base)
    if options.get("early_stopping") and np.bincount(y).take(classes).min() < 2:
        options["early_stopping"] = False  # a class of one row has none to hold out
    model = HistGradientBoostingClassifier(random_state=seed, **options).fit(x, y, weights)
    if len(classes) == 2:  # one score, which is the log of the odds
        return _arrays(
            model, [[(int(classes[0]), -0.5), (int(classes[1]), 0.5)]], n_classes, classes
        )
    return _arrays(model, [[(int(c), 1.0)] for c in classes], n_classes, classes)


def _arrays(
    model: Any, goes: list[list[tuple[int, float]]], width: int, classes: np.ndarray | None
) -> Trees:
    """Return a fitted model's trees; `goes` says to which columns each score is added."""
    start = np.asarray(model._baseline_prediction, float).reshape(-1)
    base = np.zeros(width)
    parts: dict[str, list[np.ndarray]] = {
        name: [] for name in ("feature", "threshold", "left", "right", "value")
    }
    roots, columns, at, depth = [], [], 0, 0
    for score, own in enumerate(goes):
        for column, share in own:
            base[column] += share * start[score]
    for iteration in model._predictors:
        for score, predictor in enumerate(iteration):
            nodes = predictor.nodes
            leaf = nodes["is_leaf"].astype(bool)
            depth = max(depth, int(nodes["depth"].max()))
            for column, share in goes[score]:
                here = at + np.arange(len(nodes))
                parts["feature"].append(np.where(leaf, 0, nodes["feature_idx"]))
                parts["threshold"].append(np.where(leaf, 0.0, nodes["num_threshold"]))
                parts["left"].append(np.where(leaf, here, at + nodes["left"].astype(np.int64)))
                parts["right"].append(np.where(leaf, here, at + nodes["right"].astype(np.int64)))
                parts["value"].append(share * nodes["value"])
                roots.append(at)
                columns.append(column)
                at += len(nodes)
    if classes is not None:
        missing = np.setdiff1d(np.arange(width), classes)
        base[missing] = base.min() - 30.0
    if not roots:
        return constant_trees(base)
    found = {name: np.concatenate(own).astype(np.float64) for name, own in parts.items()}
    found["threshold"] = rounded_down(found["threshold"])
    return Trees(
        **found,
        roots=np.array(roots, float),
        column=np.array(columns, float),
        base=base,
        depth=np.array(float(depth)),
    )


def odds_of(pairs: Sequence[Trees]) -> Trees:
    """Return trees for pairs of logits as one whose columns are the log-odds of each pair."""
    names = ("feature", "threshold", "left", "right", "value")
    parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
    roots, columns, at = [], [], 0
    for k, trees in enumerate(pairs):
        counts = np.diff(np.append(trees.roots, len(trees.value))).astype(int)
        sign = np.repeat(np.where(trees.column == 1, 1.0, -1.0), counts)
        moved = {
            "left": trees.left + at,
            "right": trees.right + at,
            "value": sign * trees.value,
        }
        for name in names:
            parts[name].append(moved.get(name, getattr(trees, name)))
        roots.append(trees.roots + at)
        columns.append(np.full(len(trees.roots), float(k)))
        at += len(trees.value)
    return Trees(
        **{name: np.concatenate(own) for name, own in parts.items()},
        roots=np.concatenate(roots),
        column=np.concatenate(columns),
        base=np.array([trees.base[1] - trees.base[0] for trees in pairs]),
        depth=np.array(max(float(trees.depth) for trees in pairs)),
    )


def constant_trees(base: np.ndarray) -> Trees:
    """Return one leaf: the same columns for every row."""
    zero = np.zeros(1)
    return Trees(zero, zero, zero, zero, zero, zero, zero, base, np.array(0.0))


def rounded_down(threshold: np.ndarray) -> np.ndarray:
    """Return float32 values at or below: rounded up, a threshold could let its neighbour pass."""
    small = threshold.astype(np.float32)
    small = np.where(small > threshold, np.nextafter(small, np.float32(-np.inf)), small)
    return small.astype(np.float64)
