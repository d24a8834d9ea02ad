"""uLSIF: the density ratio by least squares."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...solvers.density_ratio.ulsif import STRENGTHS, WIDTHS
from ..core.base import METHODS, Features
from ..core.scaling import Scaling
from .base import Reweighting, check_tuple


@METHODS.register("ulsif")
class ULSIF(Reweighting):
    """Unconstrained least-squares importance fitting (Kanamori, Hido & Sugiyama, 2009, JMLR 10).

    The density ratio is a sum of kernels on target rows, fitted in closed form; width and strength
    by exact leave-one-out (`solvers.ulsif`).

    Parameters
    ----------
    width_factors : tuple of float
        Kernel widths to choose from, times the median distance.
    strengths : tuple of float
        Ridge strengths to choose from.
    n_centres : int
        Target rows that carry a kernel; all where there are fewer.
    least_effective : float
        Share of labelled source rows that must stay effective; weights are flattened until it is
        so. 0 keeps the paper's.
    head : str or scikit-learn classifier
        What is fitted on the weighted rows.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before weights are sought. Not "own": that would
        hide the shift.
    random_state : int
        Of centres, and of which rows pair up.

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

    name: ClassVar[str] = "ulsif"
    summary: ClassVar[str] = "source weighted by the density ratio, least squares in closed form"
    paper: ClassVar[str] = "Kanamori, Hido & Sugiyama, 2009, JMLR 10"

    def __init__(
        self,
        *,
        width_factors: tuple[float, ...] = WIDTHS,
        strengths: tuple[float, ...] = STRENGTHS,
        n_centres: int = 100,
        least_effective: float = 0.5,
        head: Any = "ridge",
        scaling: Scaling = "pooled",
        random_state: int = 0,
    ) -> None:
        self.width_factors = width_factors
        self.strengths = strengths
        self.n_centres = n_centres
        self.least_effective = least_effective
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def check(self) -> None:
        """Raise ConfigError where a parameter is out of range."""
        super().check()
        check_tuple(self, "width_factors")
        self._in_range("n_centres", 1, 1e6)
        check_tuple(self, "strengths")

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return uLSIF's weights."""
        from ...solvers.density_ratio.ulsif import ulsif
        from ...solvers.kernels.gaussian_kernel import median_distance

        median = median_distance(source.x, target.x, seed=seed)
        found = ulsif(
            source.x,
            target.x,
            widths=median * np.array(self.width_factors),
            strengths=self.strengths,
            n_centres=self.n_centres,
            seed=seed,
        )
        return found.weights, {
            "width": found.width,
            "width_factor": round(found.width / median, 4),
            "strength": found.strength,
            "divergence": found.divergence,
        }
