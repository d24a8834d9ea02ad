"""The mean of each number without its least and greatest values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Arrays
from .base import AGGREGATIONS, Aggregation

TRIMMED = 0.2
"""Share of the clients that is cut off at either end, at least one of three or more."""


@AGGREGATIONS.register("trimmed-mean")
class TrimmedMean(Aggregation):
    """The mean of the middle ones of each number."""

    summary = "the mean of each number without a fifth at either end"
    paper = "Yin et al., 2018, ICML"
    tolerates = "one in five"

    def combine(self, changes: Sequence[Arrays], weights: np.ndarray) -> Arrays:
        """Return the trimmed mean; clients count the same."""
        n = len(changes)
        cut = max(1, int(np.ceil(TRIMMED * n - 1e-9))) if n > 2 else 0
        found = {}
        for name in sorted(changes[0]):
            ordered = np.sort([one[name].astype(np.float64) for one in changes], axis=0)
            found[name] = ordered[cut : n - cut].mean(0)
        return found
