"""KLIEP: weights whose product with the source is nearest the target in KL divergence."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...solvers.density_ratio.kliep import WIDTHS
from ..core.base import METHODS, Features
from ..core.scaling import Scaling
from .base import Reweighting, check_tuple


@METHODS.register("kliep")
class KLIEP(Reweighting):
    """Kullback-Leibler importance estimation (Sugiyama et al., 2008, NIPS 20).

    The density ratio is a sum of kernels on target rows; it maximises the target's mean log ratio,
    to a certified optimum (`solvers.kliep`). The width is chosen by held-out target rows.

    Parameters
    ----------
    width_factors : tuple of float
        Kernel widths to choose from, times the median distance.
    n_centres : int
        Target rows that carry a kernel; all where there are fewer.
    folds : int
        Of the target rows, for choosing the width.
    least_effective : float
        Share of labelled source rows that must stay effective; weights are flattened until it is
        so. 0 keeps the paper's.
    head : str or scikit-learn classifier
        What is fitted on the weighted rows.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before weights are sought. Not "own": that would
        hide the shift.
    random_state : int
        Of centres and folds.

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

    name: ClassVar[str] = "kliep"
    summary: ClassVar[str] = "source weighted by the density ratio nearest in KL divergence"
    paper: ClassVar[str] = "Sugiyama, Nakajima, Kashima, von Bünau & Kawanabe, 2008, NIPS 20"

    def __init__(
        self,
        *,
        width_factors: tuple[float, ...] = WIDTHS,
        n_centres: int = 100,
        folds: int = 5,
        least_effective: float = 0.5,
        head: Any = "ridge",
        scaling: Scaling = "pooled",
        random_state: int = 0,
    ) -> None:
        self.width_factors = width_factors
        self.n_centres = n_centres
        self.folds = folds
        self.least_effective = least_effective
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def check(self) -> None:
        """Raise ConfigError where a parameter is out of range."""
        super().check()
        check_tuple(self, "width_factors")
        self._in_range("n_centres", 1, 1e6)
        self._in_range("folds", 2, 1000)

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return KLIEP's weights."""
        from ...solvers.density_ratio.kliep import kliep
        from ...solvers.kernels.gaussian_kernel import median_distance

        median = median_distance(source.x, target.x, seed=seed)
        found = kliep(
            source.x,
            target.x,
            widths=median * np.array(self.width_factors),
            n_centres=self.n_centres,
            folds=self.folds,
            seed=seed,
        )
        return found.weights, {
            "width": found.width,
            "width_factor": round(found.width / median, 4),
            "divergence_nats": found.log_likelihood,
        }
