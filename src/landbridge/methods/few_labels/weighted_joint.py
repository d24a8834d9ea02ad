"""Source and target rows in one ridge classifier, their balance chosen on target rows."""

from __future__ import annotations

from dataclasses import replace

from ...base.fields import setting
from ..core.base import EVERY, METHODS, Features, Head
from ..heads.ridge import ALPHAS
from .base import FewLabels, classifier

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97)
"""From the target alone to the source with a little of the target."""


@METHODS.register("weighted-joint")
class WeightedJoint(FewLabels):
    """Joint training with the source's weight chosen by exact leave-one-out on target rows.

    Minimises λ mean source loss + (1 − λ) mean target loss (Ben-David et al., 2010, Machine
    Learning 79): λ = 0 is the target alone. A target that contradicts its source gets a small λ.

    Examples
    --------
    >>> from landbridge.features import WeightedJoint
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat(["ant", "bee"], 100)
    >>> x = rng.normal(size=(200, 5)) + 2 * (labels == "bee")[:, None]
    >>> few = np.arange(200) % 50 == 0
    >>> WeightedJoint().fit(x, labels, x + 1, labels, labelled_t=few).score(x + 1, labels) > 0.9
    True
    """

    summary = "source and target rows together, their balance chosen on the target"
    paper = "Ben-David et al., 2010, Machine Learning 79 (alpha-weighted error)"
    needs = replace(FewLabels.needs, target_types=EVERY)

    shares: tuple[float, ...] = setting(SHARES, "The λ to choose from.", ge=0, lt=1)
    alphas: tuple[float, ...] = setting(ALPHAS, "Ridge strengths to choose from.", gt=0)

    def fit_rows(self, source: Features, target: Features, n_classes: int, seed: int) -> Head:
        """Fit; `seed` is not used."""
        from ...solvers.linear.joint_weighting import joint_ridge

        own, kind = target.only(target.labeled_mask), target.target_type
        fit = joint_ridge(
            source.x,
            kind.regression_targets(source.labels, n_classes),
            own.x,
            kind.regression_targets(own.labels, n_classes),
            self.alphas,
            shares=self.shares,
        )
        notes = {
            "share": fit.share,
            "strength": fit.path.strength,
            "left_out_errors": [None if e != e else float(e) for e in fit.errors],
        }
        return classifier(
            fit.path.weight, fit.path.bias, fit.left_out, own.labels, own, notes, n_classes
        )
