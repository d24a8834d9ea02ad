"""Two-stage TrAdaBoost.R2: boosted regression with as much of the source as the target bears."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...base.errors import ConfigError
from ...base.fields import setting
from ...base.seeds import numpy_rng
from ...base.typed import Notes
from ...inference.layers import Affine, WeightedMedian
from ..core.base import METHODS, NUMBERS, Features, Head, Requirements
from ..core.scaling import Scaling
from ..heads.base import ModelHead
from ..heads.ridge import ALPHAS
from .base import FewLabels, stacked


@METHODS.register("tradaboost-r2")
class TrAdaBoostR2(FewLabels):
    """Two-stage TrAdaBoost.R2 for regression (Pardoe & Stone, 2010, ICML).

    Attributes
    ----------
    weights_ : ndarray, shape (n + m,)
        Of labelled source rows, then labelled target rows, in the step chosen.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import TrAdaBoostR2
    >>> rng = np.random.default_rng(0)
    >>> x, few = rng.normal(size=(200, 3)), np.arange(200) % 20 == 0
    >>> y = x @ [1.0, 2.0, 3.0]
    >>> method = TrAdaBoostR2(scaling="none").fit(x, y + 0.1 * x[:, 0], x, y, labelled_t=few)
    >>> method.score(x, y) > 0.9
    True
    """

    summary = "boosted regression with as much of the source as the target bears"
    paper = "Pardoe & Stone, 2010, ICML"
    needs = Requirements(
        source="labelled", target="labelled", gradients=False, target_types=NUMBERS
    )

    learner: Any = setting(
        "ridge",
        "What is boosted; a regressor must take `sample_weight`. Boosting makes most of weak "
        "learners, such as DecisionTreeRegressor(max_depth=4).",
    )
    steps: int = setting(
        8,
        "In how many steps the source's weight goes to 0; cross-validation chooses among them.",
        ge=1,
        le=10_000,
    )
    n_estimators: int = setting(8, "Of boosting in each step.", ge=1, le=10_000)
    folds: int = setting(4, "Of labelled target rows, at most their number.", ge=2, le=10_000)
    scaling: Scaling = "pooled"
    random_state: int = setting(0, "Deals target rows to folds.")

    def check(self) -> None:
        """Raise ConfigError for numbers out of range, or a learner that is none."""
        super().check()
        if self.learner != "ridge" and not hasattr(self.learner, "fit"):
            raise ConfigError(
                f"{self.name}: learner = {self.learner!r}",
                hint="give 'ridge', or a scikit-learn regressor that takes sample_weight",
            )

    def source_alone(self, source: Features, target: Features, n_classes: int, seed: int) -> Head:
        """Boost on the source alone."""
        from ...solvers.boosting.tradaboost_r2 import adaboost_r2

        n = len(source)
        self.weights_ = np.full(n, 1 / n)
        fit = self._learner(source.x, source.labels)
        models, say = adaboost_r2(fit, source.labels, 0, self.weights_, self.n_estimators)
        return _head(models, say, {"target_labels": 0, "fitted_on": "source"})

    def fit_rows(self, source: Features, target: Features, n_classes: int, seed: int) -> Head:
        """Find the step, then boost."""
        from ...solvers.boosting.tradaboost_r2 import two_stage_r2

        own = target.only(target.labeled_mask)
        x, y = stacked(source, own)
        found: Any = two_stage_r2(
            self._learner(x, y),
            lambda models, at: np.stack([answer(model, x[at]) for model in models]),
            y,
            len(source),
            steps=self.steps,
            n_estimators=self.n_estimators,
            folds=self.folds,
            rng=numpy_rng(seed, self.name),
        )
        self.weights_ = found.weights
        notes = {
            "target_labels": len(own),
            "step": found.step,
            "target_share": float(found.target_share[found.step]),
            "cv_errors": [None if e != e else float(e) for e in found.errors],
            "voters": len(found.models),
        }
        return _head(found.models, found.estimator_weights, notes)

    def _learner(self, x: np.ndarray, y: np.ndarray) -> Any:
        if isinstance(self.learner, str):
            return _ridge_learner(x, y)
        return _regressor_learner(self.learner, x, y)


def _head(models: list[Any], say: np.ndarray, notes: Notes) -> Head:
    if not isinstance(models[0], tuple):
        return MedianHead(models, say, notes)
    weight, bias = (np.concatenate([model[i] for model in models]) for i in (0, 1))
    return Head([Affine(weight.T, bias), WeightedMedian(say)], notes)


class MedianHead(ModelHead):
    """Regressors whose weighted median counts."""

    def __init__(self, models: list[Any], say: np.ndarray, notes: Notes) -> None:
        super().__init__((), notes)
        self.models, self.estimator_weights = models, say

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Return the answers, (n, 1)."""
        from ...solvers.boosting.tradaboost_r2 import weighted_median

        rows = self.rows(x)
        answers = np.stack([answer(model, rows) for model in self.models])
        return weighted_median(answers, self.estimator_weights)[:, None].astype(x.dtype, copy=False)


def answer(model: Any, x: np.ndarray) -> np.ndarray:
    """Return the answers of a linear model (weight, bias) or of a regressor, float64."""
    if isinstance(model, tuple):
        weight, bias = model
        return x.astype(np.float64) @ weight[0] + bias[0]
    return np.asarray(model.predict(x), dtype=np.float64).ravel()


def _ridge_learner(x: np.ndarray, y: np.ndarray) -> Any:
    """Return a fit of weighted ridge, its strength by leave-one-out on equal weights."""
    from ...solvers.linear.ridge import ridge_loo, ridge_solve

    strength = ridge_loo(x, y[:, None], ALPHAS).strength

    def fit(weights: np.ndarray) -> tuple[Any, np.ndarray]:
        model = ridge_solve(x, y[:, None], strength, weights)
        return model, answer(model, x)

    return fit


def _regressor_learner(learner: Any, x: np.ndarray, y: np.ndarray) -> Any:
    from sklearn.base import clone

    def fit(weights: np.ndarray) -> tuple[Any, np.ndarray]:
        used = weights > 0
        model = clone(learner).fit(x[used], y[used], sample_weight=weights[used])
        return model, answer(model, x)

    return fit
