"""Nearest-neighbour weights: how many target rows a source row is nearest to."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..core.base import METHODS, Features
from ..core.scaling import Scaling
from .base import Reweighting


@METHODS.register("nearest-weights")
class NearestWeights(Reweighting):
    """Weights that count target rows by their nearest source row (Loog, 2012, MLSP).

    Nothing is tuned; smoothing adds 1 to every count, so no row is lost.

    Parameters
    ----------
    smoothing : float
        Added to each count.
    least_effective : float
        Share of labelled source rows that must stay effective; weights are flattened until it is
        so. 0 keeps the paper's.
    head : str or scikit-learn classifier
        What is fitted on the weighted rows.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before weights are sought. Not "own": that would
        hide the shift.

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

    name: ClassVar[str] = "nearest-weights"
    summary: ClassVar[str] = "source weighted by how many target rows are nearest to each row"
    paper: ClassVar[str] = "Loog, 2012, IEEE MLSP"

    def __init__(
        self,
        *,
        smoothing: float = 1.0,
        least_effective: float = 0.5,
        head: Any = "ridge",
        scaling: Scaling = "pooled",
    ) -> None:
        self.smoothing = smoothing
        self.least_effective = least_effective
        self.head = head
        self.scaling = scaling

    def check(self) -> None:
        """Raise ConfigError where a parameter is out of range."""
        super().check()
        self._in_range("smoothing", 0, 1e12)

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return Loog's weights."""
        from ...solvers.density_ratio.neighbour_weights import neighbour_weights

        found = neighbour_weights(source.x, target.x, smoothing=self.smoothing)
        return found.weights, {"rows_nearest_to_one": int(np.count_nonzero(found.counts))}
