"""RuLSIF: the relative density ratio by least squares."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...solvers.density_ratio.ulsif import STRENGTHS, WIDTHS
from ..core.base import METHODS, Features
from ..core.scaling import Scaling
from .base import Reweighting, check_tuple


@METHODS.register("rulsif")
class RULSIF(Reweighting):
    """Relative least-squares importance fitting (Yamada et al., 2011, NIPS 24).

    Like `ULSIF`, for the ratio of the target to a mixture of target and source: bounded, so that
    no few rows can carry the answer.

    Parameters
    ----------
    relative : float
        β in [0, 1): the share of the target in the mixture that the target is compared with.
        Weights are at most 1/β times their mean or so. 0 is uLSIF.
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
    >>> from landbridge.features import RULSIF
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 150)
    >>> x = rng.normal(size=(300, 3)) + 3 * labels[:, None]
    >>> RULSIF().fit(x, labels, x[::2] + 0.3).score(x, labels) > 0.95
    True
    """

    name: ClassVar[str] = "rulsif"
    summary: ClassVar[str] = "source weighted by the bounded relative density ratio, least squares"
    paper: ClassVar[str] = "Yamada, Suzuki, Kanamori, Hachiya & Sugiyama, 2011, NIPS 24"

    def __init__(
        self,
        *,
        relative: float = 0.1,
        width_factors: tuple[float, ...] = WIDTHS,
        strengths: tuple[float, ...] = STRENGTHS,
        n_centres: int = 100,
        least_effective: float = 0.5,
        head: Any = "ridge",
        scaling: Scaling = "pooled",
        random_state: int = 0,
    ) -> None:
        self.relative = relative
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
        self._in_range("relative", 0, 0.999)

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return RuLSIF's weights."""
        from ...solvers.density_ratio.ulsif import ulsif
        from ...solvers.kernels.gaussian_kernel import median_distance

        median = median_distance(source.x, target.x, seed=seed)
        found = ulsif(
            source.x,
            target.x,
            relative=self.relative,
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
