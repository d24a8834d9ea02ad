"""Weights by the ratio of two normal densities."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ...base.typed import Notes
from ..core.base import METHODS, Features
from .base import Reweighting


@METHODS.register("gaussian-weights")
class GaussianWeights(Reweighting):
    """Weights by the ratio of two fitted normal densities (Shimodaira, 2000).

    In logarithms, with covariances shrunk as Ledoit and Wolf do (`solvers.gaussian_ratio`). Right
    for few columns; in hundreds of them the ratio is all or nothing, and is flattened.

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

    summary = "source weighted by the ratio of two normal densities"
    paper = "Shimodaira, 2000, J. Stat. Plan. Inference 90"

    shrinkage: float = setting(
        -1.0,
        "Part of each covariance that is replaced by its mean variance; below 0 for Ledoit "
        "and Wolf's choice.",
        ge=-1,
        le=1,
    )

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, Notes]:
        """Return the weights."""
        from ...solvers.density_ratio.gaussian_ratio import gaussian_ratio

        shrinkage = self.shrinkage if self.shrinkage >= 0 else None
        found = gaussian_ratio(source.x, target.x, shrinkage=shrinkage)
        return found.weights, {
            "shrinkage_source": found.shrinkage_source,
            "shrinkage_target": found.shrinkage_target,
        }
