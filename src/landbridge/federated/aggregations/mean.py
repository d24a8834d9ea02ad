"""The mean: exact where all are honest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Arrays, weighted_mean
from .base import AGGREGATIONS, Aggregation


@AGGREGATIONS.register("mean")
class Mean(Aggregation):
    """The mean by rows; one lying client can put it anywhere."""

    summary = "the mean, by rows"

    def combine(self, changes: Sequence[Arrays], weights: np.ndarray) -> Arrays:
        """Return the weighted mean."""
        return weighted_mean(changes, weights)
