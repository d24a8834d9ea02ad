"""How trees are grown on labelled rows, for the methods that end in them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ...base.errors import MethodError
from ..core.base import Features, Head

Grown = Literal["boosted", "forest"]

EARLY = 400
"""Labelled rows from which on a tenth of them says when boosting stops."""
ROW_S = 5e-6
TREE_S = 1e-3
"""Seconds that a tree of a forest takes: for each row, and by itself."""
LEAST_ROWS = 3
"""In a leaf of a forest: a row alone would be sure of itself."""
MOST_LEAVES = 1000
"""Of a tree of a forest: leaves hold more rows where there are many."""
MOST_NODES = 2**24
"""Of a forest: a model file holds places of nodes as float32, which are exact up to here."""


def labelled_side(source: Features | None, target: Features, method: str) -> tuple[Features, str]:
    """Return labelled rows, the target's where it has any, else the source's, and whose they are.

    Raises
    ------
    MethodError
        Where neither side has a label.
    """
    side = target if target.labeled_mask.any() or source is None else source
    if not side.labeled_mask.any():
        raise MethodError(
            f"{method}: no labelled rows to fit on",
            hint="label some target rows, or give a labelled source",
        )
    return side.only(side.labeled_mask), "target" if side is target else "source"


def boosting_options(
    n: int, max_iter: int = 200, learning_rate: float = 0.1, max_leaf_nodes: int = 31
) -> dict[str, Any]:
    """Return scikit-learn's options of histogram gradient boosting for so many rows."""
    return {
        "max_iter": max_iter if n >= EARLY else min(max_iter, 60),
        "learning_rate": learning_rate,
        "max_leaf_nodes": max_leaf_nodes,
        "min_samples_leaf": int(np.clip(n // 20, 1, 20)),
        "l2_regularization": 1.0,
        "early_stopping": n >= EARLY,
    }


def grow(
    what: Grown,
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    seed: int,
    weights: np.ndarray | None = None,
    *,
    n_estimators: int = 200,
    extra: bool = True,
) -> Head:
    """Return a head of trees.

    Parameters
    ----------
    what : {"boosted", "forest"}
    x : ndarray, shape (n, d)
    labels : ndarray, shape (n,)
        Places of classes, or numbers.
    n_classes, seed : int
    weights : ndarray, shape (n,), optional
    n_estimators, extra
        Of a forest: how many trees at most, and whether their thresholds are random.
    """
    from ...solvers.boosting.forest import forest
    from ...solvers.boosting.trees import boosted_trees

    x, n = np.asarray(x, np.float64), len(x)
    if what == "boosted":
        trees = boosted_trees(x, labels, n_classes, seed, weights, **boosting_options(n))
        return Head([trees], {"rows": n, "trees": len(trees.roots)})
    most = max(1, MOST_NODES // (2 * MOST_LEAVES * max(1, n_classes)))
    count = min(n_estimators, most)
    leaf = max(LEAST_ROWS, n // MOST_LEAVES)
    steps = forest(
        *(x, labels, n_classes, seed, weights),
        extra=extra,
        n_estimators=count,
        min_samples_leaf=leaf,
    )
    return Head(steps, {"rows": n, "trees": count})


def forest_seconds(rows: int, trees: int = 200) -> float:
    """Return about how long one thread grows a forest.

    Examples
    --------
    >>> forest_seconds(0, 100) < forest_seconds(10_000, 100)
    True
    """
    return 0.1 + trees * (TREE_S + ROW_S * rows)
