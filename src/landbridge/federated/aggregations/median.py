"""The median of each number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Arrays
from .base import AGGREGATIONS, Aggregation


@AGGREGATIONS.register("median")
class Median(Aggregation):
    """The middle one of each number, whatever less than half of the clients say."""

    summary = "the median of each number"
    paper = "Yin et al., 2018, ICML"
    tolerates = "less than half"

    def combine(self, changes: Sequence[Arrays], weights: np.ndarray) -> Arrays:
        """Return the median; clients count the same."""
        return {
            name: np.median([one[name].astype(np.float64) for one in changes], axis=0)
            for name in sorted(changes[0])
        }
