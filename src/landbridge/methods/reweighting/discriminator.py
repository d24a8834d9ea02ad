"""Discriminator: weights from a classifier of target against source."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ...base.typed import Notes
from ...solvers.density_ratio.discriminator_weights import ALPHAS
from ..core.base import METHODS, Features
from .base import Reweighting


@METHODS.register("discriminator")
class DiscriminatorWeights(Reweighting):
    """Weights by a classifier of target against source (Bickel et al., 2009, JMLR 10).

    They are P(target | x) / P(source | x) · ns / nt of a logistic regression. Its strength is
    chosen by held-out rows, and each source row is weighted by a fit without it
    (`solvers.discriminator_weights`).

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

    summary = "source weighted by the odds of a target-or-source classifier"
    paper = "Bickel, Brückner & Scheffer, 2009, JMLR 10"

    alphas: tuple[float, ...] = setting(
        ALPHAS,
        "Ridge strengths to choose from, times the mean variance of the columns.",
        gt=0,
    )
    folds: int = setting(5, "Of each domain.", ge=2, le=1000)
    cross_fit: bool = setting(True, "Whether a row's weight comes from a fit without it.")
    random_state: int = setting(0, "Of the folds.")

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, Notes]:
        """Return the discriminator's weights."""
        from ...solvers.density_ratio.discriminator_weights import discriminator_weights

        found = discriminator_weights(
            source.x,
            target.x,
            alphas=self.alphas,
            folds=self.folds,
            cross_fit=self.cross_fit,
            seed=seed,
        )
        return found.weights, {
            "strength_of_discriminator": found.strength,
            "held_out_loss_nats": float(np.nanmin(found.losses)) if len(target) > 1 else None,
        }
