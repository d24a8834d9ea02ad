"""Kernel mean matching: weights that give both domains the same kernel mean."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..core.base import METHODS, Features
from ..core.scaling import Scaling
from .base import Reweighting


@METHODS.register("kmm")
class KMM(Reweighting):
    """Kernel mean matching (Huang, Smola, Gretton, Borgwardt & Schölkopf, 2006, NIPS 19).

    Weights between 0 and `upper` for which the source's kernel mean is nearest the target's, to a
    certified optimum (`solvers.kmm`). Large sources are matched in random parts.

    Parameters
    ----------
    width_factor : float
        Kernel width, times the median distance.
    upper : float
        The largest weight.
    slack : float
        How far the mean weight may be from 1; 0 or less for the paper's (√n − 1) / √n.
    part : int
        Source rows matched at once, where the kernel matrix has no low rank.
    least_effective : float
        Share of labelled source rows that must stay effective; weights are flattened until it is
        so. 0 keeps the paper's.
    head : str or scikit-learn classifier
        What is fitted on the weighted rows.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before weights are sought. Not "own": that would
        hide the shift.
    random_state : int
        Of the rows that the median distance is taken over, and of the parts.

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

    name: ClassVar[str] = "kmm"
    summary: ClassVar[str] = "source weighted so that kernel means match"
    paper: ClassVar[str] = "Huang, Smola, Gretton, Borgwardt & Schölkopf, 2006, NIPS 19"

    def __init__(
        self,
        *,
        width_factor: float = 1.0,
        upper: float = 1000.0,
        slack: float = 0.0,
        part: int = 5000,
        least_effective: float = 0.5,
        head: Any = "ridge",
        scaling: Scaling = "pooled",
        random_state: int = 0,
    ) -> None:
        self.width_factor = width_factor
        self.upper = upper
        self.slack = slack
        self.part = part
        self.least_effective = least_effective
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def check(self) -> None:
        """Raise ConfigError where a parameter is out of range."""
        super().check()
        self._in_range("width_factor", 0, 1e6, open_low=True)
        self._in_range("upper", 1, 1e12)
        self._in_range("slack", -1, 1)
        self._in_range("part", 1, 1e6)

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return kernel mean matching's weights."""
        from ...solvers.density_ratio.kmm import kmm
        from ...solvers.kernels.gaussian_kernel import median_distance

        median = median_distance(source.x, target.x, seed=seed)
        found = kmm(
            source.x,
            target.x,
            width=self.width_factor * median,
            upper=self.upper,
            slack=self.slack if self.slack > 0 else None,
            part=self.part,
            seed=seed,
        )
        return found.weights, {
            "width": found.width,
            "objective": found.objective,
            "objective_before": found.objective_before,
            "gap": found.gap,
            "parts": found.parts,
        }
