"""uLSIF: the density ratio by least squares."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ...base.typed import Notes
from ...solvers.density_ratio.ulsif import ALPHAS
from ..core.base import METHODS, Features
from .kernel_weights import KernelWeights


@METHODS.register("ulsif")
class ULSIF(KernelWeights):
    """Unconstrained least-squares importance fitting (Kanamori, Hido & Sugiyama, 2009, JMLR 10).

    The density ratio is a sum of kernels on target rows, fitted in closed form; width and strength
    by exact leave-one-out (`solvers.ulsif`).

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import ULSIF
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 150)
    >>> x = rng.normal(size=(300, 3)) + 3 * labels[:, None]
    >>> ULSIF().fit(x, labels, x[::2] + 0.3).score(x, labels) > 0.95
    True
    """

    summary = "source weighted by the density ratio, least squares in closed form"
    paper = "Kanamori, Hido & Sugiyama, 2009, JMLR 10"

    alphas: tuple[float, ...] = setting(ALPHAS, "Ridge strengths to choose from.", gt=0)
    relative = 0.0

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, Notes]:
        """Return the weights."""
        from ...solvers.density_ratio.ulsif import ulsif
        from ...solvers.kernels.gaussian_kernel import median_distance

        median = median_distance(source.x, target.x, seed=seed)
        found = ulsif(
            source.x,
            target.x,
            relative=self.relative,
            bandwidths=median * np.array(self.bandwidth_factors),
            alphas=self.alphas,
            n_centres=self.n_centres,
            seed=seed,
        )
        return found.weights, {
            "width": found.bandwidth,
            "width_factor": round(found.bandwidth / median, 4),
            "strength": found.strength,
            "divergence": found.divergence,
        }
