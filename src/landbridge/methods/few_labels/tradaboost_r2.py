"""Two-stage TrAdaBoost.R2: boosted regression with as much of the source as the target bears."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...base.errors import ConfigError
from ...base.seeds import numpy_rng
from ...inference.layers import Affine, WeightedMedian
from ..core.base import METHODS, NUMBERS, Features, Head, Needs
from ..core.scaling import Scaling
from ..heads.ridge import STRENGTHS
from .base import labelled_rows
from .regression import RegressionMethod


@METHODS.register("tradaboost-r2")
class TrAdaBoostR2(RegressionMethod):
    """Two-stage TrAdaBoost.R2 for regression (Pardoe & Stone, 2010, ICML).

    Parameters
    ----------
    learner : {"ridge"} or scikit-learn regressor
        What is boosted; a regressor must take `sample_weight`. Boosting makes most of weak
        learners, such as DecisionTreeRegressor(max_depth=4).
    steps : int
        In how many steps the source's weight goes to 0; cross-validation chooses among them.
    rounds : int
        Of boosting in each step.
    folds : int
        Of labelled target rows, at most their number.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before.
    random_state : int
        Deals target rows to folds.

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

    name: ClassVar[str] = "tradaboost-r2"
    summary: ClassVar[str] = "boosted regression with as much of the source as the target bears"
    paper: ClassVar[str] = "Pardoe & Stone, 2010, ICML"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="labelled", gradients=False, answers=NUMBERS
    )

    def __init__(
        self,
        *,
        learner: Any = "ridge",
        steps: int = 8,
        rounds: int = 8,
        folds: int = 4,
        scaling: Scaling = "pooled",
        random_state: int = 0,
    ) -> None:
        self.learner = learner
        self.steps = steps
        self.rounds = rounds
        self.folds = folds
        self.scaling = scaling
        self.random_state = random_state

    def check(self) -> None:
        """Raise ConfigError for numbers out of range, or a learner that is none."""
        self._in_range("steps", 1, 10_000)
        self._in_range("rounds", 1, 10_000)
        self._in_range("folds", 2, 10_000)
        if self.learner != "ridge" and not hasattr(self.learner, "fit"):
            raise ConfigError(
                f"{self.name}: learner = {self.learner!r}",
                do="give 'ridge', or a scikit-learn regressor that takes sample_weight",
            )

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Find the step, then boost. Without target labels: the source's own boosting.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        from ...solvers.boosting.tradaboost_r2 import adaboost_r2, two_stage_r2

        rows = labelled_rows(source, target, self.scaling, self.name)
        x, y, n = rows.x, rows.y, len(rows.xs)
        fit = (
            _ridge_learner(x, y)
            if isinstance(self.learner, str)
            else _regressor_learner(self.learner, x, y)
        )
        notes: dict[str, Any] = {"target_labels": len(rows.xt)}
        if not len(rows.xt):
            equal = np.full(n, 1 / n)
            models, say = adaboost_r2(fit, y, 0, equal, self.rounds)
            self.weights_ = equal
            notes["fitted_on"] = "source"
            return _head(models, say, notes).after(rows.steps)
        found: Any = two_stage_r2(
            fit,
            lambda models, at: np.stack([answer(model, x[at]) for model in models]),
            y,
            n,
            steps=self.steps,
            rounds=self.rounds,
            folds=self.folds,
            rng=numpy_rng(seed, self.name),
        )
        self.weights_ = found.weights
        notes |= {
            "step": found.step,
            "target_share": float(found.target_share[found.step]),
            "cv_errors": [None if e != e else float(e) for e in found.errors],
            "voters": len(found.models),
        }
        return _head(found.models, found.say, notes).after(rows.steps)


def _head(models: list[Any], say: np.ndarray, notes: dict[str, Any]) -> Head:
    if not isinstance(models[0], tuple):
        return MedianHead(models, say, notes)
    weight, bias = (np.concatenate([model[i] for model in models]) for i in (0, 1))
    return Head([Affine(weight.T, bias), WeightedMedian(say)], notes)


class MedianHead(Head):
    """Regressors whose weighted median counts. For the Python interface: a run cannot store it."""

    def __init__(self, models: list[Any], say: np.ndarray, notes: dict[str, Any]) -> None:
        super().__init__((), notes)
        self.models, self.say = models, say

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Return the answers, (n, 1)."""
        from ...inference.layers import apply
        from ...solvers.boosting.tradaboost_r2 import weighted_median

        rows = apply(self.steps, x) if self.steps else x
        answers = np.stack([answer(model, rows) for model in self.models])
        return weighted_median(answers, self.say)[:, None].astype(x.dtype, copy=False)

    def after(self, steps: Any) -> Head:
        """Return the same regressors on rows after `steps`."""
        import copy

        from ...inference.layers import folded

        head = copy.copy(self)
        head.steps = folded([*steps, *self.steps])
        return head


def answer(model: Any, x: np.ndarray) -> np.ndarray:
    """Return the answers of a linear model (weight, bias) or of a regressor, float64."""
    if isinstance(model, tuple):
        weight, bias = model
        return x.astype(np.float64) @ weight[0] + bias[0]
    return np.asarray(model.predict(x), dtype=np.float64).ravel()


def _ridge_learner(x: np.ndarray, y: np.ndarray) -> Any:
    """Return a fit of weighted ridge, its strength by leave-one-out on equal weights."""
    from ...solvers.linear.ridge import ridge_loo, ridge_solve

    strength = ridge_loo(x, y[:, None], STRENGTHS).strength

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
