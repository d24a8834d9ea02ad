"""Feature augmentation (EasyAdapt), and EA++ with unlabelled target rows."""

from __future__ import annotations

from typing import ClassVar

from ..core.base import EVERY, METHODS, Features, Head, Needs
from ..core.feature import FeatureMethod
from ..core.scaling import Scaling
from ..heads.ridge import STRENGTHS, check_strengths
from .base import classifier, labelled_rows, source_alone


@METHODS.register("feature-augmentation")
class FeatureAugmentation(FeatureMethod):
    """Common, source and target copies of each feature (Daumé, 2007, ACL, arXiv 0907.1815).

    A ridge classifier on (x, x, 0) for source and (x, 0, x) for target rows, solved in closed
    form without ever building them; its strength is chosen by exact leave-one-out over target
    rows. Its target side is linear in x.

    Parameters
    ----------
    agreement : float
        Above 0: the source's and the target's answers to unlabelled target rows are drawn
        together (EA++; Daumé, Kumar & Saha, 2010, DANLP). 1: these rows count as much together
        as the source's.
    strengths : tuple of float
        Ridge strengths to choose from.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before.

    Examples
    --------
    >>> from landbridge.features import FeatureAugmentation
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat(["ant", "bee"], 100)
    >>> x = rng.normal(size=(200, 5)) + 2 * (labels == "bee")[:, None]
    >>> few = np.arange(200) % 50 == 0
    >>> method = FeatureAugmentation().fit(x, labels, x + 1, labels, labelled_t=few)
    >>> method.score(x + 1, labels) > 0.9
    True
    """

    name: ClassVar[str] = "feature-augmentation"
    family: ClassVar[str] = "few_labels"
    summary: ClassVar[str] = "a common and an own copy of each feature (EasyAdapt, EA++)"
    paper: ClassVar[str] = "Daumé, 2007, ACL, arXiv 0907.1815"
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
        agreement: float = 0.0,
        strengths: tuple[float, ...] = STRENGTHS,
        scaling: Scaling = "own",
    ) -> None:
        self.agreement = agreement
        self.strengths = strengths
        self.scaling = scaling

    def check(self) -> None:
        """Raise ConfigError for strengths that are not positive, or a negative agreement."""
        check_strengths(self.strengths, self.name)
        self._in_range("agreement", 0, float("inf"))

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Fit; `seed` is not used.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        from ...solvers.linear.feature_augmentation import feature_augmentation

        rows = labelled_rows(source, target, self.scaling, self.name)
        if not len(rows.xt):
            return source_alone(rows, n_classes, self.name)
        unlabelled = rows.every[~target.known]
        fit = feature_augmentation(
            rows.xs,
            rows.kind.regression_targets(rows.ys, n_classes),
            rows.xt,
            rows.kind.regression_targets(rows.yt, n_classes),
            self.strengths,
            unlabelled=unlabelled,
            agreement=self.agreement * len(rows.xs) / max(1, len(unlabelled)),
            free_intercept=False,
        )
        notes = {
            "strength": fit.strength,
            "left_out_errors": [None if e != e else float(e) for e in fit.loo_errors],
            "unlabelled": len(unlabelled) if self.agreement else 0,
        }
        predictions = fit.loo_predictions
        if len(rows.xt) == 1:
            predictions = predictions[:0]
        return classifier(
            fit.weight, fit.bias, predictions, rows.yt[: len(predictions)], rows, notes, n_classes
        )
