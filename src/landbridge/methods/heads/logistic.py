"""Logistic regression: strength by cross-validated log-loss, temperature on rows left out."""

from __future__ import annotations

import numpy as np

from ...base.seeds import numpy_rng
from ...base.typed import Notes
from ...solvers.calibration.score_calibration import fit_temperature
from ..core.base import AffineHead
from ..core.scaling import rescaled, standardisation
from .base import HEADS

ALPHAS = tuple(float(10.0**p) for p in range(-2, 5))
"""10^−2 … 10^4, for standardised features."""

_FOLDS = 5


@HEADS.register("logistic")
def fit_logistic(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    *,
    weights: np.ndarray | None = None,
    eval_mask: np.ndarray | None = None,
    seed: int = 0,
) -> AffineHead:
    """Fit multinomial logistic regression on standardised rows that are all labelled.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    labels : ndarray of int, shape (n,)
    n_classes : int
    weights : ndarray, shape (n,), optional
    eval_mask : ndarray of bool, shape (n,), optional
        The rows that are left out in turn; all others are in every fit.
    seed : int
        Deals rows to folds.

    Returns
    -------
    AffineHead
        Notes: "strength" (α; 1 where no row can judge), "cv_accuracy" and "cv_log_loss" (NaN
        there), "temperature", "rows", "missing_classes", "steps".
    """
    from ...solvers.linear.logistic import logistic_cv, logistic_path

    mean, deviation = standardisation(x, weights)
    z = rescaled(x, mean, deviation)
    folds = _folds(labels, eval_mask, numpy_rng(seed, "logistic head"))
    notes: Notes = {"rows": len(x)}
    temperature, accuracy, log_loss = 1.0, float("nan"), float("nan")
    if (folds >= 0).any():
        choice = logistic_cv(
            z, labels, n_classes, ALPHAS, folds, criterion="log_loss", weights=weights
        )
        fit, strength = choice.fit, choice.strength
        best = ALPHAS.index(strength)
        accuracy, log_loss = float(choice.accuracy[best]), float(choice.log_loss[best])
        left_out = both_classes(choice.scores)[folds >= 0]
        # The prior of `fit_temperature` is at ¼; logits as they are should be at 1.
        temperature = 4 * fit_temperature(left_out / 4, labels[folds >= 0])
    else:
        strength = 1.0
        fit = logistic_path(z, labels, n_classes, [strength], weights=weights)
    weight = both_classes(fit.weights[0].astype(np.float64).T).T / deviation / temperature
    bias = both_classes(fit.biases[0].astype(np.float64)[None])[0] / temperature - weight @ mean
    counts = np.bincount(labels, minlength=n_classes)
    notes |= {
        "strength": strength,
        "cv_accuracy": accuracy,
        "cv_log_loss": log_loss,
        "temperature": temperature,
        "missing_classes": np.flatnonzero(counts == 0).tolist(),
        "steps": int(fit.iterations[0]),
    }
    return AffineHead(weight, bias, notes)


def both_classes(scores: np.ndarray) -> np.ndarray:
    """Return scores (n, 2) from one column, the second class over the first; others unchanged."""
    return np.concatenate([-scores / 2, scores / 2], axis=1) if scores.shape[1] == 1 else scores


def _folds(
    labels: np.ndarray, eval_mask: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray:
    """Return folds of the judged rows whose class other rows have, too; −1 for all others."""
    from ...solvers.folds import stratified_folds

    asked = np.ones(len(labels), bool) if eval_mask is None else eval_mask.copy()
    asked &= np.bincount(labels)[labels] > 1
    out = np.full(len(labels), -1)
    if asked.sum() > 1:
        own = stratified_folds(labels[asked], min(_FOLDS, int(asked.sum())), rng)
        if len(np.unique(own)) > 1 or (~asked).any():
            out[asked] = own
    return out
