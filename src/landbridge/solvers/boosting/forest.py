"""Forests of randomised trees grown by scikit-learn, as head layers that need none."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...inference.layers import HeadLayer
from ...inference.log_shares import LogShares
from ...inference.trees import Trees
from .trees import rounded_down


def forest(
    x: np.ndarray,
    y: np.ndarray,
    n_classes: int,
    seed: int,
    weights: np.ndarray | None = None,
    *,
    extra: bool = True,
    **options: Any,
) -> tuple[HeadLayer, ...]:
    """Grow a forest, and return it as steps.

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
    extra : bool
        Extremely randomised trees (random thresholds, all rows); else a random forest.
    options
        Of scikit-learn's forests.

    Returns
    -------
    tuple of HeadLayer
        Log of the trees' mean shares, (n, n_classes), or the number, (n, 1).

    Examples
    --------
    >>> from landbridge.inference.layers import apply
    >>> x = np.arange(40.0)[:, None]
    >>> steps = forest(x, (x[:, 0] > 19).astype(int), 2, seed=0, n_estimators=20)
    >>> apply(steps, np.array([[3.0], [30.0]])).argmax(1).tolist()
    [0, 1]
    """
    from sklearn import ensemble

    numbers = y.dtype.kind == "f"
    name = ("ExtraTrees" if extra else "RandomForest") + ("Regressor" if numbers else "Classifier")
    model = getattr(ensemble, name)(random_state=seed, n_jobs=1, **options)
    model.fit(x.astype(np.float32), y, weights)  # scikit-learn's trees read float32
    grown = [tree.tree_ for tree in model.estimators_]
    if numbers:
        return (_trees(grown, [0], 1),)
    columns = [int(c) for c in model.classes_]
    return (_trees(grown, columns, n_classes), LogShares(np.array(1 / (len(x) + n_classes))))


def _trees(grown: list[Any], columns: list[int], width: int) -> Trees:
    """Return the mean of trees as arrays; value j of a leaf goes to column `columns[j]`."""
    parts: dict[str, list[np.ndarray]] = {
        name: [] for name in ("feature", "threshold", "left", "right", "value")
    }
    roots, goes, at = [], [], 0
    for tree in grown:
        leaf = tree.children_left < 0
        for j, column in enumerate(columns):
            here = at + np.arange(tree.node_count)
            parts["feature"].append(np.where(leaf, 0, tree.feature))
            parts["threshold"].append(np.where(leaf, 0.0, tree.threshold))
            parts["left"].append(np.where(leaf, here, at + tree.children_left))
            parts["right"].append(np.where(leaf, here, at + tree.children_right))
            parts["value"].append(np.where(leaf, tree.value[:, 0, j], 0.0) / len(grown))
            roots.append(at)
            goes.append(column)
            at += tree.node_count
    found = {name: np.concatenate(own).astype(np.float64) for name, own in parts.items()}
    found["threshold"] = rounded_down(found["threshold"])
    return Trees(
        **found,
        roots=np.array(roots, float),
        column=np.array(goes, float),
        base=np.zeros(width),
        depth=np.array(float(max(tree.max_depth for tree in grown))),
    )
