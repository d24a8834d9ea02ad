"""TrAdaBoost: boosting over both sides that lets go of source rows the target contradicts."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ...base.errors import ConfigError
from ...base.fields import setting
from ...base.typed import Notes
from ...inference.layers import Affine, Votes
from ...solvers.calibration.score_calibration import fit_temperature
from ..core.base import METHODS, Features, Head
from ..heads.base import ModelHead
from ..heads.ridge import ALPHAS
from .base import FewLabels, stacked

_SMOOTHING = 0.02  # of each class's share of the votes: no probability is 0


@METHODS.register("tradaboost")
class TrAdaBoost(FewLabels):
    """Boosting for transfer learning (Dai, Yang, Xue & Yu, 2007, ICML).

    Attributes
    ----------
    weights_ : ndarray, shape (n + m,)
        Of labelled source rows, then labelled target rows, after the last round.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import TrAdaBoost
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat(["ant", "bee"], 100)
    >>> x = rng.normal(size=(200, 5)) + 2 * (labels == "bee")[:, None]
    >>> few = np.arange(200) % 25 == 0
    >>> TrAdaBoost().fit(x, labels, x + 1, labels, labelled_t=few).score(x + 1, labels) > 0.9
    True
    """

    summary = "boosting that turns from source rows which the target contradicts"
    paper = "Dai, Yang, Xue & Yu, 2007, ICML"

    learner: Any = setting(
        "ridge",
        "What is fitted in each round; a classifier must take `sample_weight`. Boosting makes "
        "most of weak learners, such as DecisionTreeClassifier(max_depth=3).",
    )
    n_estimators: int = setting(20, "The last half of them vote.", ge=1, le=10_000)
    dynamic: bool = setting(
        True,
        "Keep the source from draining away where it is right (Al-Stouhi & Reddy, 2011, "
        "ECML). False is the paper's rule.",
    )
    voting: Literal["soft", "hard"] = setting(
        "soft",
        '"hard" is the paper\'s: each round has its vote for one class. "soft" averages the '
        "rounds' scores, which leaves one linear head and graded probabilities ('ridge' only: "
        "classifiers always vote).",
    )

    def check(self) -> None:
        """Raise ConfigError for fewer than one round, or a learner that is none."""
        super().check()
        if self.learner != "ridge" and not hasattr(self.learner, "fit"):
            raise ConfigError(
                f"{self.name}: learner = {self.learner!r}",
                hint="give 'ridge', or a scikit-learn classifier that takes sample_weight",
            )

    def fit_rows(self, source: Features, target: Features, n_classes: int, seed: int) -> Head:
        """Boost; `seed` is not used."""
        from ...solvers.boosting.tradaboost import tradaboost

        own, n = target.only(target.labeled_mask), len(source)
        fit, temperature = (
            _ridge_learner(source, own, n_classes)
            if isinstance(self.learner, str)
            else (_classifier_learner(self.learner, *stacked(source, own)), 1.0)
        )
        found: Any = tradaboost(
            fit, stacked(source, own)[1], n, n_classes, self.n_estimators, dynamic=self.dynamic
        )
        self.weights_ = found.weights
        notes: Notes = {
            "voters": len(found.models),
            "target_error": float(found.errors[-1]),
            "source_share": float(found.weights[:n].sum()),
            "target_labels": len(own),
        }
        if not isinstance(self.learner, str):
            return VotingHead(found.models, found.estimator_weights, n_classes, notes)
        if self.voting == "soft":
            share = found.estimator_weights / found.estimator_weights.sum() / temperature
            weight = sum(s * w for s, (w, _) in zip(share, found.models, strict=True))
            bias = sum(s * b for s, (_, b) in zip(share, found.models, strict=True))
            return Head([Affine(weight.T, bias)], notes | {"temperature": temperature})
        weight = np.concatenate([w for w, _ in found.models])
        bias = np.concatenate([b for _, b in found.models])
        say = np.repeat(found.estimator_weights[:, None], n_classes, axis=1)
        steps = [Affine(weight.T, bias), Votes(say, np.array(_SMOOTHING))]
        return Head(steps, notes)

    def source_alone(self, source: Features, target: Features, n_classes: int, seed: int) -> Head:
        """Weigh all source rows the same."""
        self.weights_ = np.full(len(source), 1 / len(source))
        return super().source_alone(source, target, n_classes, seed)


class VotingHead(ModelHead):
    """scikit-learn classifiers that vote."""

    def __init__(self, models: list[Any], say: np.ndarray, n_classes: int, notes: Notes) -> None:
        super().__init__((), notes)
        self.models, self.estimator_weights, self.n_classes = models, say, n_classes

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Return log of (share of the votes + a little), (n, classes)."""
        rows = self.rows(x)
        share = np.full((len(x), self.n_classes), _SMOOTHING)
        for model, say in zip(
            self.models, self.estimator_weights / self.estimator_weights.sum(), strict=True
        ):
            share[np.arange(len(x)), model.predict(rows)] += say
        return np.log(share / share.sum(1, keepdims=True)).astype(x.dtype, copy=False)


def _ridge_learner(source: Features, target: Features, n_classes: int) -> tuple[Any, float]:
    """Return a fit of weighted ridge, and the temperature of its scores.

    Strength and temperature are chosen by leave-one-out on equal weights, the temperature on
    target rows.
    """
    from ...solvers.linear.ridge import one_vs_rest, ridge_loo, ridge_solve

    x, y = stacked(source, target)
    targets = one_vs_rest(y, n_classes)
    path = ridge_loo(x, targets, ALPHAS)
    strength = path.strength
    temperature = fit_temperature(path.loo_predictions[len(source) :], target.labels)

    def fit(weights: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        weight, bias = ridge_solve(x, targets, strength, weights)
        return (weight, bias), (x @ weight.T.astype(x.dtype) + bias.astype(x.dtype)).argmax(1)

    return fit, temperature


def _classifier_learner(learner: Any, x: np.ndarray, y: np.ndarray) -> Any:
    from sklearn.base import clone

    def fit(weights: np.ndarray) -> tuple[Any, np.ndarray]:
        model = clone(learner).fit(x, y, sample_weight=weights)
        return model, model.predict(x)

    return fit
