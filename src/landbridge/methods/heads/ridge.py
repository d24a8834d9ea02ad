"""Ridge classifier: strength and temperature by exact leave-one-out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...base.errors import ConfigError
from ...domains.answers import kind_of
from ..base import AffineHead
from ..scaling import rescaled, standardisation
from .answers import ridge_answers
from .base import HEADS

STRENGTHS = tuple(float(10.0**p) for p in np.arange(-2, 6.25, 0.5))
"""10^−2 … 10^6 in 17 half decades: for standardised features, from 1 row to a million."""

_USUAL_SHARPNESS = 4.0  # 1 / temperature of ±1 ridge scores where there is little to fit it on


@HEADS.register("ridge")
def fit_ridge(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    *,
    weights: np.ndarray | None = None,
    judged: np.ndarray | None = None,
    seed: int = 0,
) -> AffineHead:
    """Fit `ridge_head`; nothing in it is random."""
    return ridge_head(x, labels, n_classes, weights=weights, judged=judged)


def ridge_head(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    strengths: tuple[float, ...] = STRENGTHS,
    weights: np.ndarray | None = None,
    judged: np.ndarray | None = None,
) -> AffineHead:
    """Fit a calibrated ridge classifier on rows that are all labelled.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    labels : ndarray of int, shape (n,)
        Numbers, or several labels at once, are left to `ridge_answers`.
    n_classes : int
    strengths : tuple of float
        For standardised features.
    weights : ndarray, shape (n,), optional
    judged : ndarray of bool, shape (n,), optional
        The rows that accuracy and temperature are measured on (left out one by one); all of
        them by default.

    Returns
    -------
    AffineHead
        Its scores are logits. Notes: "strength", "loo_accuracy" (NaN for a single row),
        "loo_squared_error" (of all rows), "temperature", "rows", "missing_classes" (no row had
        them: they are answered only where all others fit badly).
    """
    from ...solvers.ridge import one_vs_rest, ridge_loo

    if kind_of(labels) != "classes":
        return ridge_answers(x, labels, strengths, weights, judged)
    mean, deviation = standardisation(x, weights)
    z = rescaled(x, mean, deviation)
    path = ridge_loo(z, one_vs_rest(labels, n_classes), strengths, weights=weights)
    counts = np.bincount(labels, minlength=n_classes)
    # The only row of a class is always wrong when left out: it says nothing on calibration.
    asked = np.ones(len(x), dtype=bool) if judged is None else judged
    telling = asked & (counts[labels] > 1)
    temperature = fit_temperature(path.loo_predictions[telling], labels[telling])
    weight = path.weight.astype(np.float64) / deviation / temperature
    bias = path.bias.astype(np.float64) / temperature - weight @ mean.astype(np.float64)
    right = (path.loo_predictions.argmax(1) == labels)[asked]
    notes: dict[str, Any] = {
        "strength": path.strength,
        "loo_accuracy": float(right.mean()) if len(x) > 1 else float("nan"),
        "loo_squared_error": float(path.loo_errors[list(strengths).index(path.strength)]),
        "temperature": temperature,
        "rows": len(x),
        "missing_classes": np.flatnonzero(counts == 0).tolist(),
    }
    return AffineHead(weight, bias, notes)


def fit_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the T that makes softmax(scores / T) likeliest, with a weak prior.

    The prior on log T is normal around log ¼ (where ±1 ridge scores of many problems lie) with
    deviation 1: it counts about as much as one example, so T stays finite where the scores are
    all right (or all wrong), and is ¼ where there are none.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Must not come from a fit on these rows.
    labels : ndarray of int, shape (n,)

    Returns
    -------
    float
        Between 1/400 and 25.

    Examples
    --------
    >>> fit_temperature(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))
    0.25
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    usual = np.log(_USUAL_SHARPNESS)
    if not len(scores):
        return 1 / _USUAL_SHARPNESS
    wide = scores.astype(np.float64)
    true = wide[np.arange(len(wide)), labels]

    def loss(log_sharpness: float) -> float:
        sharp = np.exp(log_sharpness)
        likelihood = sharp * true - logsumexp(sharp * wide, axis=1)
        return float(0.5 * (log_sharpness - usual) ** 2 - likelihood.sum())

    found = minimize_scalar(
        loss, bounds=(usual - np.log(100), usual + np.log(100)), method="bounded"
    )
    return float(np.exp(-found.x))


def check_strengths(strengths: tuple[float, ...], method: str) -> None:
    """Raise ConfigError where there is no strength, or one that is not positive and finite."""
    if not strengths or not all(0 < s < float("inf") for s in strengths):
        raise ConfigError(
            f"{method}: strengths = {strengths}",
            do="give one or more positive numbers, such as 0.1, 1, 10",
        )
