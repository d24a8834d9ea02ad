"""What a ridge is fitted to and how its scores become answers, for each kind of answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...domains.answers import kind_of
from ..base import AffineHead
from ..scaling import rescaled, standardisation

_PRIOR_SLOPE = 4.0
_PRIOR_ROWS = 1.0


def targets_of(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return what a ridge is fitted to, float (n, answers).

    Parameters
    ----------
    labels : ndarray
        int (n,): +1 for the class and −1 for all others. 0 and 1, (n, n_classes): +1 and −1.
        float (n,): the numbers themselves, in one column.
    n_classes : int

    Examples
    --------
    >>> targets_of(np.array([[1, 0]]), 2).tolist()
    [[1.0, -1.0]]
    """
    from ...solvers.ridge import one_vs_rest

    kind = kind_of(labels)
    if kind == "classes":
        return one_vs_rest(labels, n_classes)
    if kind == "several":
        return np.where(labels > 0.5, np.float32(1), np.float32(-1))
    return labels.reshape(-1, 1)


def ridge_answers(
    x: np.ndarray,
    labels: np.ndarray,
    strengths: tuple[float, ...],
    weights: np.ndarray | None = None,
    judged: np.ndarray | None = None,
) -> AffineHead:
    """Fit ridge regression to numbers, or one ridge per label to several labels at once.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    labels : float ndarray (n,), or (n, k) of 0 and 1
    strengths : tuple of float
        For standardised features; the least leave-one-out error chooses one for all columns.
    weights : ndarray, shape (n,), optional
    judged : ndarray of bool, shape (n,), optional
        Rows that the strength and the belief are judged by; all by default.

    Returns
    -------
    AffineHead
        One output, the number; or k logits, whose sigmoid is each label's probability
        (Platt, 1999, on the leave-one-out scores). Notes: "strength", "loo_squared_error",
        "rows".

    Examples
    --------
    >>> x = np.linspace(0, 1, 20)[:, None]
    >>> head = ridge_answers(x, 3 * x[:, 0] - 1, (1e-6, 1.0))
    >>> head.logits(np.array([[0.5]])).round(3).tolist()
    [[0.5]]
    """
    from ...solvers.ridge import ridge_loo

    mean, deviation = standardisation(x, weights)
    z = rescaled(x, mean, deviation)
    path = ridge_loo(z, targets_of(labels, 0), strengths, weights=weights, judged=judged)
    notes: dict[str, Any] = {
        "strength": path.strength,
        "loo_squared_error": float(path.loo_errors[list(strengths).index(path.strength)]),
        "rows": len(x),
    }
    weight = path.weight.astype(np.float64) / deviation
    bias = path.bias.astype(np.float64) - weight @ mean.astype(np.float64)
    asked = np.ones(len(x), bool) if judged is None else judged
    weight, bias = believed(weight, bias, path.loo_predictions[asked], labels[asked])
    return AffineHead(weight, bias, notes)


def believed(
    weight: np.ndarray, bias: np.ndarray, left_out: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ridge of numbers as it is; of several labels with scores turned into logits."""
    if kind_of(labels) == "numbers":
        return weight, bias
    slopes, offsets = platt(left_out, labels)
    return weight * slopes[:, None], bias * slopes + offsets


def platt(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and offset of each column that make sigmoid(slope · score + offset) likeliest.

    A prior as heavy as about one row holds the slope near 4 and the offset near 0, so both
    stay finite where a label always or never applies (Platt, 1999).

    Parameters
    ----------
    scores, labels : ndarray, shape (n, k)
        Scores must not come from a fit on these rows; labels are 0 and 1.

    Returns
    -------
    slopes, offsets : float64 ndarray, shape (k,)
        Slopes are positive.
    """
    from scipy.optimize import minimize

    k = scores.shape[1]
    slopes, offsets = np.full(k, _PRIOR_SLOPE), np.zeros(k)
    if not len(scores):
        return slopes, offsets
    for j in range(k):
        s, sign = scores[:, j].astype(np.float64), np.where(labels[:, j] > 0.5, 1.0, -1.0)

        def loss(
            at: np.ndarray, s: np.ndarray = s, sign: np.ndarray = sign
        ) -> tuple[float, np.ndarray]:
            slope = np.exp(at[0])
            margin = sign * (slope * s + at[1])
            pull = -sign / (1 + np.exp(np.clip(margin, -500, 500)))
            apart = at - np.array([np.log(_PRIOR_SLOPE), 0.0])
            value = np.logaddexp(0, -margin).sum() + 0.5 * _PRIOR_ROWS * (apart**2).sum()
            gradient = np.array([(pull * slope * s).sum(), pull.sum()]) + _PRIOR_ROWS * apart
            return float(value), gradient

        found = minimize(loss, [np.log(_PRIOR_SLOPE), 0.0], jac=True, method="L-BFGS-B")
        slopes[j], offsets[j] = np.exp(found.x[0]), found.x[1]
    return slopes, offsets
