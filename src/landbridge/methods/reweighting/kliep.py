"""KLIEP: weights whose product with the source is nearest the target in KL divergence."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ...base.typed import Notes
from ..core.base import METHODS, Features
from .kernel_weights import KernelWeights


@METHODS.register("kliep")
class KLIEP(KernelWeights):
    """Kullback-Leibler importance estimation (Sugiyama et al., 2008, NIPS 20).

    The density ratio is a sum of kernels on target rows; it maximises the target's mean log ratio,
    to a certified optimum (`solvers.kliep`). The width is chosen by held-out target rows.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import KLIEP
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 150)
    >>> x = rng.normal(size=(300, 3)) + 3 * labels[:, None]
    >>> KLIEP().fit(x, labels, x[::2] + 0.3).score(x, labels) > 0.95
    True
    """

    summary = "source weighted by the density ratio nearest in KL divergence"
    paper = "Sugiyama, Nakajima, Kashima, von Bünau & Kawanabe, 2008, NIPS 20"

    folds: int = setting(5, "Of the target rows, for choosing the width.", ge=2, le=1000)

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, Notes]:
        """Return KLIEP's weights."""
        from ...solvers.density_ratio.kliep import kliep
        from ...solvers.kernels.gaussian_kernel import median_distance

        median = median_distance(source.x, target.x, seed=seed)
        found = kliep(
            source.x,
            target.x,
            bandwidths=median * np.array(self.bandwidth_factors),
            n_centres=self.n_centres,
            folds=self.folds,
            seed=seed,
        )
        return found.weights, {
            "width": found.bandwidth,
            "width_factor": round(found.bandwidth / median, 4),
            "divergence_nats": found.log_likelihood,
        }
