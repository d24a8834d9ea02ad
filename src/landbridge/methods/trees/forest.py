"""Forests of randomised trees."""

from __future__ import annotations

from ...base.fields import setting
from ..core.base import CLASSES, METHODS, NUMBERS, Features, Head, Requirements
from ..core.feature import FeatureMethod
from .base import forest_seconds, grow, labelled_side


@METHODS.register("forest")
class Forest(FeatureMethod):
    """A random forest on a table's columns as they are; elsewhere on frozen features.

    Grown by scikit-learn and kept as arrays. Fitted on the target's labelled rows where there are
    any, else on the source's. Numbers stay within the range of the labels that it was fitted on.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import Forest
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 4))
    >>> labels = np.where(x[:, 0] * x[:, 1] > 0, "same", "apart")
    >>> Forest().fit(x, labels, x, labels).score(x, labels) > 0.95
    True
    """

    summary = "a random forest on a table's columns"
    paper = "Breiman, 2001, Machine Learning 45; Geurts, Ernst & Wehenkel, 2006"
    needs = Requirements(
        source="any", target="any", gradients=False, target_types=CLASSES | NUMBERS
    )
    on_columns = True

    n_estimators: int = setting(200, "Trees, at most.", ge=1, le=2000)
    extra: bool = setting(
        False, "Extremely randomised trees: random thresholds, and all rows in each tree."
    )

    def fit_seconds(self, rows: int, columns: int, outputs: int) -> float:
        """Return about how long one thread fits."""
        return forest_seconds(rows, self.n_estimators)

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the trees.

        Raises
        ------
        MethodError
            Where neither side has a label.
        """
        side, whose = labelled_side(source, target, self.name)
        head = grow(
            *("forest", side.x, side.labels, n_classes, seed),
            n_estimators=self.n_estimators,
            extra=self.extra,
        )
        head.notes["fitted_on"] = whose
        return head
