"""Weights by the ratio of two normal densities."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..core.base import METHODS, Features
from ..core.scaling import Scaling
from .base import Reweighting


@METHODS.register("gaussian-weights")
class GaussianWeights(Reweighting):
    """Weights by the ratio of two fitted normal densities (Shimodaira, 2000).

    In logarithms, with covariances shrunk as Ledoit and Wolf do (`solvers.gaussian_ratio`). Right
    for few columns; in hundreds of them the ratio is all or nothing, and is flattened.

    Parameters
    ----------
    shrinkage : float
        Part of each covariance that is replaced by its mean variance; below 0 for Ledoit and
        Wolf's choice.
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
    >>> from landbridge.features import GaussianWeights
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 150)
    >>> x = rng.normal(size=(300, 3)) + 3 * labels[:, None]
    >>> GaussianWeights().fit(x, labels, x[::2] + 0.3).score(x, labels) > 0.95
    True
    """

    name: ClassVar[str] = "gaussian-weights"
    summary: ClassVar[str] = "source weighted by the ratio of two normal densities"
    paper: ClassVar[str] = "Shimodaira, 2000, J. Stat. Plan. Inference 90"

    def __init__(
        self,
        *,
        shrinkage: float = -1.0,
        least_effective: float = 0.5,
        head: Any = "ridge",
        scaling: Scaling = "pooled",
    ) -> None:
        self.shrinkage = shrinkage
        self.least_effective = least_effective
        self.head = head
        self.scaling = scaling

    def check(self) -> None:
        """Raise ConfigError where a parameter is out of range."""
        super().check()
        self._in_range("shrinkage", -1, 1)

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return the weights."""
        from ...solvers.density_ratio.gaussian_ratio import gaussian_ratio

        shrinkage = self.shrinkage if self.shrinkage >= 0 else None
        found = gaussian_ratio(source.x, target.x, shrinkage=shrinkage)
        return found.weights, {
            "shrinkage_source": found.shrinkage_source,
            "shrinkage_target": found.shrinkage_target,
        }
