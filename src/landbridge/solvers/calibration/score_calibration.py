"""How far scores that are no log-odds can be believed: sharpness of classes, slopes of labels."""

from __future__ import annotations

import numpy as np

_USUAL_SHARPNESS = 4.0
_PRIOR_SLOPE = 4.0
_PRIOR_ROWS = 1.0


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
