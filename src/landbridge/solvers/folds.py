"""Which fold judges which row."""

from __future__ import annotations

import numpy as np


def stratified_folds(
    labels: np.ndarray, folds: int, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Return the fold of each row, so that each class is spread as evenly as can be.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
    folds : int
        2 or more. A class with fewer rows than that is missing in some folds.
    rng : Generator, optional
        Shuffles the rows of each class; as they come by default.

    Returns
    -------
    ndarray of int, shape (n,)
        From 0 to folds − 1. Each class goes on in the fold after the one where the class before
        it ended, so that single rows of many classes do not all land in the first fold.

    Raises
    ------
    ValueError
        Where `folds` is below 2.

    Examples
    --------
    >>> stratified_folds(np.array([0, 0, 0, 1, 1, 2]), 2).tolist()
    [0, 1, 0, 1, 0, 1]
    """
    if folds < 2:
        raise ValueError(f"folds must be 2 or more, got {folds}")
    labels = np.asarray(labels)
    out = np.empty(len(labels), dtype=np.int64)
    start = 0
    for value in np.unique(labels):
        rows = np.flatnonzero(labels == value)
        if rng is not None:
            rows = rng.permutation(rows)
        out[rows] = (start + np.arange(len(rows))) % folds
        start += len(rows)
    return out
