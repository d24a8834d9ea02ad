"""Nearest-neighbour weights: how many target rows a source row is nearest to."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ...base.typed import Notes
from ..core.base import METHODS, Features
from .base import Reweighting


@METHODS.register("nearest-weights")
class NearestWeights(Reweighting):
    """Weights that count target rows by their nearest source row (Loog, 2012, MLSP).

    Nothing is tuned; smoothing adds 1 to every count, so no row is lost.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import NearestWeights
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 150)
    >>> x = rng.normal(size=(300, 3)) + 3 * labels[:, None]
    >>> NearestWeights().fit(x, labels, x[::2] + 0.3).score(x, labels) > 0.95
    True
    """

    summary = "source weighted by how many target rows are nearest to each row"
    paper = "Loog, 2012, IEEE MLSP"

    smoothing: float = setting(1.0, "Added to each count.", ge=0, le=1e12)

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, Notes]:
        """Return Loog's weights."""
        from ...solvers.density_ratio.neighbour_weights import neighbour_weights

        found = neighbour_weights(source.x, target.x, smoothing=self.smoothing)
        return found.weights, {"rows_nearest_to_one": int(np.count_nonzero(found.counts))}
