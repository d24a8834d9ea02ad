"""A few of many rows, evenly spread: for looks that all rows are too many for."""

from __future__ import annotations

import numpy as np


def evenly(n: int, most: int) -> np.ndarray:
    """Return at most so many of n row numbers, evenly spread, the first and last among them.

    Examples
    --------
    >>> evenly(10, 4).tolist(), evenly(3, 4).tolist()
    ([0, 3, 6, 9], [0, 1, 2])
    """
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))
