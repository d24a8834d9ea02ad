"""How much of a difference one kind of correction would take away."""

from __future__ import annotations

import numpy as np

from ..solvers.kernels.gaussian_kernel import squared_distances
from ..solvers.two_sample.mmd import median_width, weighted_mmd2

ROWS = 800
LEAST = 0.0025
"""MMD² under this is too small to be split; the spread at the median width is about ½."""


def moved_mmd2(
    xs: np.ndarray, moved: list[np.ndarray], xt: np.ndarray
) -> tuple[float, list[float]]:
    """Return MMD² at the median width, and MMD² where source rows are moved.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
    moved : list of ndarray, each (n, d)
        The source's rows after one correction or another.

    Returns
    -------
    before : float
    after : list of float
    """
    width = _width(xs, xt)
    same = np.ones(len(xs))
    before, _ = weighted_mmd2(xs, xt, same, width)
    return before, [weighted_mmd2(rows, xt, same, width)[0] for rows in moved]


def explained_by_weights(xs: np.ndarray, xt: np.ndarray, weights: np.ndarray) -> float:
    """Return which share of MMD² weights of the source's rows take away.

    Returns
    -------
    float
        In [0, 1]; NaN where there is too little MMD² to take away.
    """
    before, after = weighted_mmd2(xs, xt, weights, _width(xs, xt))
    return float(np.clip(1 - after / before, 0, 1)) if before >= LEAST else float("nan")


def _width(xs: np.ndarray, xt: np.ndarray) -> float:
    pooled = np.concatenate([xs[:400], xt[:400]])
    return median_width(squared_distances(pooled, pooled))


def effective_share(weights: np.ndarray) -> float:
    """Return (Σw)² / (n Σw²): the share of rows that count, 1 where all weigh the same.

    Examples
    --------
    >>> effective_share(np.array([1.0, 1.0, 0.0, 0.0]))
    0.5
    """
    total = float((weights**2).sum()) * len(weights)
    return float(weights.sum()) ** 2 / total if total > 0 else 0.0
