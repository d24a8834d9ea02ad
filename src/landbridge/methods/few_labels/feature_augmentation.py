"""Feature augmentation (EasyAdapt), and EA++ with unlabelled target rows."""

from __future__ import annotations

from dataclasses import replace

from ...base.fields import setting
from ..core.base import EVERY, METHODS, Head
from ..heads.ridge import ALPHAS
from .base import FewLabels, LabelledRows, classifier


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

    def fit_rows(self, rows: LabelledRows, n_classes: int, seed: int) -> Head:
        """Fit; `seed` is not used."""
        from ...solvers.linear.feature_augmentation import feature_augmentation

        fit = feature_augmentation(
            rows.xs,
            rows.kind.regression_targets(rows.ys, n_classes),
            rows.xt,
            rows.kind.regression_targets(rows.yt, n_classes),
            self.alphas,
            unlabelled=rows.unlabelled,
            agreement=self.agreement * len(rows.xs) / max(1, len(rows.unlabelled)),
            free_intercept=False,
        )
        notes = {
            "strength": fit.strength,
            "left_out_errors": [None if e != e else float(e) for e in fit.loo_errors],
            "unlabelled": len(rows.unlabelled) if self.agreement else 0,
        }
        predictions = fit.loo_predictions
        if len(rows.xt) == 1:
            predictions = predictions[:0]
        return classifier(
            fit.weight, fit.bias, predictions, rows.yt[: len(predictions)], rows, notes, n_classes
        )
