"""Methods whose answers are numbers: what differs from classifiers."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

import numpy as np

from ..core.feature import FeatureMethod


class RegressionMethod(FeatureMethod):
    """Base of regression methods: `head_.logits` are the answers, one column."""

    family: ClassVar[str] = "few_labels"

    def predict(self, X: Any) -> np.ndarray:
        """Return the answers to target rows, (n,)."""
        return self._logits(X)[:, 0]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R² on target rows."""
        from sklearn.metrics import r2_score

        return float(r2_score(y, self.predict(X), sample_weight=sample_weight))

    @property
    def predict_proba(self) -> NoReturn:
        """A regression has no probabilities."""
        raise AttributeError(f"{type(self).__name__} has no predict_proba: it answers numbers")

    @property
    def decision_function(self) -> NoReturn:
        """A regression decides nothing."""
        raise AttributeError(f"{type(self).__name__} has no decision_function: it answers numbers")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(),
        )
