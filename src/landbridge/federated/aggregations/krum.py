"""The client whose change is nearest to those of most others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Arrays, flat
from .base import AGGREGATIONS, Aggregation


@AGGREGATIONS.register("krum")
class Krum(Aggregation):
    """One client's change as it is: that with the least sum of squared distances to its nearest."""

    summary = "the one change that is nearest to most others"
    paper = "Blanchard et al., 2017, NeurIPS"
    tolerates = "one in five, of at least five clients"

    def combine(self, changes: Sequence[Arrays], weights: np.ndarray) -> Arrays:
        """Return the chosen one; of equal ones the first."""
        n = len(changes)
        lying = max(1, n // 5)
        nearest = max(1, n - lying - 2)
        rows = np.stack([flat(one) for one in changes])
        gaps = np.array([[float(((a - b) ** 2).sum()) for b in rows] for a in rows])
        np.fill_diagonal(gaps, np.inf)
        sums = np.sort(gaps, axis=1)[:, : min(nearest, n - 1)].sum(1) if n > 1 else np.zeros(1)
        return {name: own.astype(np.float64) for name, own in changes[int(np.argmin(sums))].items()}
