"""Kernel mean matching: weights that give both domains the same kernel mean."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ...base.typed import Notes
from ..core.base import METHODS, Features
from .base import Reweighting


@METHODS.register("kmm")
class KMM(Reweighting):
    """Kernel mean matching (Huang, Smola, Gretton, Borgwardt & Schölkopf, 2006, NIPS 19).

    Weights between 0 and `upper` for which the source's kernel mean is nearest the target's, to a
    certified optimum (`solvers.kmm`). Large sources are matched in random parts.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import KMM
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 150)
    >>> x = rng.normal(size=(300, 3)) + 3 * labels[:, None]
    >>> KMM().fit(x, labels, x[::2] + 0.3).score(x, labels) > 0.95
    True
    """

    summary = "source weighted so that kernel means match"
    paper = "Huang, Smola, Gretton, Borgwardt & Schölkopf, 2006, NIPS 19"

    bandwidth_factor: float = setting(
        1.0, "Kernel width, times the median distance.", gt=0, le=1e6, tried=(0.3, 1.0, 3.0)
    )
    upper: float = setting(1000.0, "The largest weight.", ge=1, le=1e12, tried=(5.0, 30.0, 1000.0))
    slack: float = setting(
        0.0,
        "How far the mean weight may be from 1; 0 or less for the paper's (√n − 1) / √n.",
        ge=-1,
        le=1,
    )
    part: int = setting(
        5000,
        "Source rows matched at once, where the kernel matrix has no low rank.",
        ge=1,
        le=1_000_000,
    )
    random_state: int = setting(
        0,
        "Of the rows that the median distance is taken over, and of the parts.",
    )

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, Notes]:
        """Return kernel mean matching's weights."""
        from ...solvers.density_ratio.kmm import kmm
        from ...solvers.kernels.gaussian_kernel import median_distance

        median = median_distance(source.x, target.x, seed=seed)
        found = kmm(
            source.x,
            target.x,
            bandwidth=self.bandwidth_factor * median,
            upper=self.upper,
            slack=self.slack if self.slack > 0 else None,
            part=self.part,
            seed=seed,
        )
        return found.weights, {
            "width": found.bandwidth,
            "objective": found.objective,
            "objective_before": found.objective_before,
            "gap": found.gap,
            "parts": found.parts,
        }
