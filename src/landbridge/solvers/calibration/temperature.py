"""One temperature for all classes: probabilities become less or more sure, answers stay."""

from __future__ import annotations

import numpy as np

from .softmax import softmax

COLDEST, HOTTEST = 0.1, 100.0


def likeliest_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the T that makes softmax(logits / T) likeliest (Guo et al., 2017, ICML).

    A weak normal prior on log T, worth one row, keeps it finite where all rows are right.

    Parameters
    ----------
    logits : ndarray, shape (n, k)
        Of rows that the classifier was not fitted on.
    labels : ndarray of int, shape (n,)

    Examples
    --------
    >>> too_sure = np.array([[9.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    >>> likeliest_temperature(too_sure, np.array([0, 1, 1])) > 2
    True
    """
    from scipy.optimize import minimize_scalar

    z = _finite(logits)
    at = np.arange(len(z))

    def loss(log_t: float) -> float:
        scores = z / np.exp(log_t)
        scores = scores - scores.max(1, keepdims=True)
        each = np.log(np.exp(scores).sum(1)) - scores[at, labels]
        return float(each.sum() + 0.5 * log_t**2)

    limits = (np.log(COLDEST), np.log(HOTTEST))
    return float(np.exp(minimize_scalar(loss, bounds=limits, method="bounded").x))


def log_likelihoods(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how likely labels are, as logarithms, once one temperature was chosen for them.

    So what is surer than it is right, or less sure, is not judged by that.

    Parameters
    ----------
    logits : ndarray, shape (n, k) or (repeats, n, k)
        Of rows that the classifier was not fitted on; repeats are averaged.
    labels : ndarray of int, shape (n,)

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> rows = np.array([[9.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    >>> bool(np.exp(log_likelihoods(rows, np.array([0, 1, 1])))[1] > 0.1)
    True
    """
    stacked = np.asarray(logits, float).reshape(-1, len(labels), np.shape(logits)[-1])
    flat = stacked.reshape(-1, stacked.shape[-1])
    scores = _finite(flat) / likeliest_temperature(flat, np.tile(labels, len(stacked)))
    scores = scores - scores.max(1, keepdims=True)
    own = scores[np.arange(len(scores)), np.tile(labels, len(stacked))]
    found: np.ndarray = (own - np.log(np.exp(scores).sum(1))).reshape(len(stacked), -1).mean(0)
    return found


def temperature_for_confidence(logits: np.ndarray, confidence: float) -> float:
    """Return the T at which the mean probability of the likeliest class is `confidence`.

    The hottest or coldest there is where none is.

    Examples
    --------
    >>> z = np.array([[4.0, 0.0], [0.0, 5.0]])
    >>> round(float(softmax(z / temperature_for_confidence(z, 0.7)).max(1).mean()), 3)
    0.7
    """
    z = _finite(logits)
    low, high = np.log(COLDEST), np.log(HOTTEST)
    for _ in range(60):
        middle = (low + high) / 2
        if softmax(z / np.exp(middle)).max(1).mean() > confidence:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))


def at_confidence(logits: np.ndarray, confidence: float) -> np.ndarray:
    """Return probabilities (n, classes) whose largest are `confidence` on average.

    Confidence that differs between models is no evidence: what overstates it would win by that.

    Examples
    --------
    >>> at_confidence(np.array([[9.0, 0.0], [0.0, 9.0]]), 0.8).max(1).round(3).tolist()
    [0.8, 0.8]
    """
    return softmax(_finite(logits) / temperature_for_confidence(logits, confidence))


def _finite(logits: np.ndarray) -> np.ndarray:
    """Return scores in float64; a class that cannot be the answer stays far below all others."""
    z = np.asarray(logits, dtype=np.float64)
    return np.where(np.isfinite(z), z, np.float64(-1e6))
