"""Biased regularisation: a linear model on target rows that stays near the source's."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...base.fields import setting
from ...base.seeds import numpy_rng
from ...base.typed import Notes
from ...inference.layers import Affine
from ...solvers.calibration.score_calibration import fit_temperature
from ..core.base import METHODS, Features, Head
from ..heads.ridge import ALPHAS
from .base import FewLabels, classifier


@METHODS.register("source-prior")
class SourcePrior(FewLabels):
    """Regularise towards the source's parameters (Li & Bilmes, 2007, AISTATS).

    The source's linear classifier W₀ is fitted first. On labelled target rows the loss plus
    α ‖W − γ W₀‖² is minimised. How near to stay (α) and how much of the source to take (γ, 0 is
    the target alone) are chosen by target rows left out.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import SourcePrior
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat(["ant", "bee"], 100)
    >>> x = rng.normal(size=(200, 5)) + 2 * (labels == "bee")[:, None]
    >>> few = np.arange(200) % 50 == 0
    >>> SourcePrior().fit(x, labels, x + 1, labels, labelled_t=few).score(x + 1, labels) > 0.9
    True
    """

    summary = "linear model on few target labels, kept near the source's"
    paper = "Li & Bilmes, 2007, AISTATS; Tommasi et al., 2010, CVPR"

    loss: Literal["squared", "logistic"] = setting(
        "squared",
        "Ridge classifier with exact leave-one-out, or logistic regression with cross-validation.",
    )
    trusts: tuple[float, ...] = setting((0.0, 0.5, 1.0), "The γ to choose from.", ge=0)
    alphas: tuple[float, ...] = setting(ALPHAS, "The α to choose from.", gt=0)
    random_state: int = setting(0, "Deals rows to folds (logistic).")

    def fit_rows(self, source: Features, target: Features, n_classes: int, seed: int) -> Head:
        """Fit the source's model, then the target's near it."""
        own = target.only(target.labeled_mask)
        if self.loss == "logistic":
            return self._logistic(source, own, n_classes, seed)
        return self._squared(source, own, n_classes)

    def _squared(self, source: Features, target: Features, n_classes: int) -> Head:
        from ...solvers.linear.biased_regularisation import biased_ridge
        from ...solvers.linear.ridge import one_vs_rest, ridge_loo

        first = ridge_loo(source.x, one_vs_rest(source.labels, n_classes), self.alphas)
        fit = biased_ridge(
            target.x,
            one_vs_rest(target.labels, n_classes),
            first.weight,
            first.bias,
            self.alphas,
            trusts=self.trusts,
            free_intercept=False,
        )
        notes = self._notes(first.strength, fit.strength, fit.trust, fit.errors)
        return classifier(
            fit.weight, fit.bias, fit.left_out, target.labels, target, notes, n_classes
        )

    def _logistic(self, source: Features, target: Features, n_classes: int, seed: int) -> Head:
        from ...solvers.linear.biased_regularisation import biased_logistic
        from ..heads.logistic import both_classes, fit_logistic

        first = fit_logistic(source.x, source.labels, n_classes, seed=seed).affine
        assert first is not None
        fit = biased_logistic(
            target.x,
            target.labels,
            n_classes,
            first.weight,
            first.bias,
            self.alphas,
            trusts=self.trusts,
            rng=numpy_rng(seed, self.name),
        )
        seen = np.isfinite(fit.left_out).all(1)
        left_out = both_classes(fit.left_out[seen])
        temperature = 4 * fit_temperature(left_out / 4, target.labels[seen])
        weight = both_classes(fit.weight.T).T / temperature
        bias = both_classes(fit.bias[None])[0] / temperature
        notes = self._notes(first.noted("strength"), fit.strength, fit.trust, fit.errors)
        notes |= {"temperature": temperature, "target_labels": len(target)}
        return Head([Affine(weight.T, bias)], notes)

    def _notes(self, first: float, strength: float, trust: float, errors: np.ndarray) -> Notes:
        finite = np.isfinite(errors).all()
        return {
            "source_strength": float(first),
            "strength": float(strength),
            "trust": float(trust),
            "left_out_error": float(errors.min()) if finite else float("nan"),
        }
