"""Discriminator: weights from a classifier of target against source."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...solvers.density_ratio.discriminator_weights import STRENGTHS
from ..core.base import METHODS, Features
from ..core.scaling import Scaling
from .base import Reweighting, check_tuple


@METHODS.register("discriminator")
class DiscriminatorWeights(Reweighting):
    """Weights by a classifier of target against source (Bickel et al., 2009, JMLR 10).

    They are P(target | x) / P(source | x) · ns / nt of a logistic regression. Its strength is
    chosen by held-out rows, and each source row is weighted by a fit without it
    (`solvers.discriminator_weights`).

    Parameters
    ----------
    strengths : tuple of float
        Ridge strengths to choose from, times the mean variance of the columns.
    folds : int
        Of each domain.
    cross_fit : bool
        Whether a row's weight comes from a fit without it.
    least_effective : float
        Share of labelled source rows that must stay effective; weights are flattened until it is
        so. 0 keeps the paper's.
    head : str or scikit-learn classifier
        What is fitted on the weighted rows.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before weights are sought. Not "own": that would
        hide the shift.
    random_state : int
        Of the folds.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import DiscriminatorWeights
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 150)
    >>> x = rng.normal(size=(300, 3)) + 3 * labels[:, None]
    >>> DiscriminatorWeights().fit(x, labels, x[::2] + 0.3).score(x, labels) > 0.95
    True
    """

    name: ClassVar[str] = "discriminator"
    summary: ClassVar[str] = "source weighted by the odds of a target-or-source classifier"
    paper: ClassVar[str] = "Bickel, Brückner & Scheffer, 2009, JMLR 10"

    def __init__(
        self,
        *,
        strengths: tuple[float, ...] = STRENGTHS,
        folds: int = 5,
        cross_fit: bool = True,
        least_effective: float = 0.5,
        head: Any = "ridge",
        scaling: Scaling = "pooled",
        random_state: int = 0,
    ) -> None:
        self.strengths = strengths
        self.folds = folds
        self.cross_fit = cross_fit
        self.least_effective = least_effective
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def check(self) -> None:
        """Raise ConfigError where a parameter is out of range."""
        super().check()
        check_tuple(self, "strengths")
        self._in_range("folds", 2, 1000)

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return the discriminator's weights."""
        from ...solvers.density_ratio.discriminator_weights import discriminator_weights

        found = discriminator_weights(
            source.x,
            target.x,
            strengths=self.strengths,
            folds=self.folds,
            cross_fit=self.cross_fit,
            seed=seed,
        )
        return found.weights, {
            "strength_of_discriminator": found.strength,
            "held_out_loss_nats": float(np.nanmin(found.losses)) if len(target) > 1 else None,
        }
