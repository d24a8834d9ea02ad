"""Source and target rows in one ridge classifier, their balance chosen on target rows."""

from __future__ import annotations

from typing import ClassVar

from ...base.errors import ConfigError
from ..core.base import EVERY, METHODS, Features, Head, Needs
from ..core.feature import FeatureMethod
from ..core.scaling import Scaling
from ..heads.ridge import STRENGTHS, check_strengths
from .base import classifier, labelled_rows, source_alone

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97)
"""From the target alone to the source with a little of the target."""


@METHODS.register("weighted-joint")
class WeightedJoint(FeatureMethod):
    """Joint training with the source's weight chosen by exact leave-one-out on target rows.

    Minimises λ mean source loss + (1 − λ) mean target loss (Ben-David et al., 2010, Machine
    Learning 79): λ = 0 is the target alone. A target that contradicts its source gets a small λ.

    Parameters
    ----------
    shares : tuple of float
        The λ to choose from, each from 0 up to below 1.
    strengths : tuple of float
        Ridge strengths to choose from.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before.

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

    name: ClassVar[str] = "weighted-joint"
    family: ClassVar[str] = "few_labels"
    summary: ClassVar[str] = "source and target rows together, their balance chosen on the target"
    paper: ClassVar[str] = "Ben-David et al., 2010, Machine Learning 79 (alpha-weighted error)"
    needs: ClassVar[Needs] = Needs(
        source="labelled",
        target="labelled",
        gradients=False,
        shared_classes=True,
        answers=EVERY,
    )

    def __init__(
        self,
        *,
        shares: tuple[float, ...] = SHARES,
        strengths: tuple[float, ...] = STRENGTHS,
        scaling: Scaling = "own",
    ) -> None:
        self.shares = shares
        self.strengths = strengths
        self.scaling = scaling

    def check(self) -> None:
        """Raise ConfigError for strengths that are not positive, or shares out of range."""
        check_strengths(self.strengths, self.name)
        if not self.shares or not all(0 <= s < 1 for s in self.shares):
            raise ConfigError(
                f"{self.name}: shares = {self.shares}", do="give numbers from 0 up to below 1"
            )

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Fit; `seed` is not used.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        from ...solvers.linear.joint_weighting import joint_ridge

        rows = labelled_rows(source, target, self.scaling, self.name)
        if not len(rows.xt):
            return source_alone(rows, n_classes, self.name)
        fit = joint_ridge(
            rows.xs,
            rows.kind.regression_targets(rows.ys, n_classes),
            rows.xt,
            rows.kind.regression_targets(rows.yt, n_classes),
            self.strengths,
            shares=self.shares,
        )
        notes = {
            "share": fit.share,
            "strength": fit.path.strength,
            "left_out_errors": [None if e != e else float(e) for e in fit.errors],
        }
        return classifier(
            fit.path.weight, fit.path.bias, fit.left_out, rows.yt, rows, notes, n_classes
        )
