"""Feature augmentation (EasyAdapt), and EA++ with unlabelled target rows."""

from __future__ import annotations

from dataclasses import replace

from ...base.fields import setting
from ..core.base import EVERY, METHODS, Features, Head
from ..heads.ridge import ALPHAS
from .base import FewLabels, classifier


@METHODS.register("feature-augmentation")
class FeatureAugmentation(FewLabels):
    """Common, source and target copies of each feature (Daumé, 2007, ACL, arXiv 0907.1815).

    A ridge classifier on (x, x, 0) for source and (x, 0, x) for target rows, solved in closed
    form without ever building them; its strength is chosen by exact leave-one-out over target
    rows. Its target side is linear in x.

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

    summary = "a common and an own copy of each feature (EasyAdapt, EA++)"
    paper = "Daumé, 2007, ACL, arXiv 0907.1815"
    needs = replace(FewLabels.needs, target_types=EVERY)

    agreement: float = setting(
        0.0,
        "Above 0: the source's and the target's answers to unlabelled target rows are drawn "
        "together (EA++; Daumé, Kumar & Saha, 2010, DANLP). 1: these rows count as much "
        "together as the source's.",
        ge=0,
    )
    alphas: tuple[float, ...] = setting(ALPHAS, "Ridge strengths to choose from.", gt=0)

    def fit_rows(self, source: Features, target: Features, n_classes: int, seed: int) -> Head:
        """Fit; `seed` is not used."""
        from ...solvers.linear.feature_augmentation import feature_augmentation

        own, unlabelled = target.only(target.labeled_mask), target.x[~target.labeled_mask]
        kind = target.target_type
        fit = feature_augmentation(
            source.x,
            kind.regression_targets(source.labels, n_classes),
            own.x,
            kind.regression_targets(own.labels, n_classes),
            self.alphas,
            unlabelled=unlabelled,
            agreement=self.agreement * len(source) / max(1, len(unlabelled)),
            free_intercept=False,
        )
        notes = {
            "strength": fit.strength,
            "left_out_errors": [None if e != e else float(e) for e in fit.loo_errors],
            "unlabelled": len(unlabelled) if self.agreement else 0,
        }
        predictions = fit.loo_predictions
        if len(own) == 1:
            predictions = predictions[:0]
        return classifier(
            fit.weight, fit.bias, predictions, own.labels[: len(predictions)], own, notes, n_classes
        )
