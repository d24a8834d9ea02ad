"""Rows of no known class: a threshold whose false-alarm rate is known, by split conformal.

A score says how much a row looks like those that the model knows. Rows of known classes that the
model has not learned from, such as the source's validation rows, say how low the score of such
rows gets. A new row of the same kind is then lower than its place allows with a probability
that is known for any number of rows (Vovk et al., 2005; Bates et al., 2023, Annals of Statistics
51): no network has to be right for that, and nothing has to be normal.

The promise is about rows like the calibration rows. On a shifted target more rows of known
classes score low, and more of them are called unknown.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..base.errors import ConfigError, DataError

Score = Literal["confidence", "energy"]


def id_scores(logits: np.ndarray, score: Score = "confidence") -> np.ndarray:
    """Return how known each row looks: higher is more so.

    Parameters
    ----------
    logits : ndarray, shape (n, classes)
    score : {"confidence", "energy"}
        The largest probability (Hendrycks and Gimpel, 2017, ICLR), or log Σ exp of the logits
        (Liu et al., 2020, NeurIPS), which does not saturate.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    ConfigError
        For another score.

    Examples
    --------
    >>> id_scores(np.array([[0.0, 0.0], [9.0, 0.0]])).round(3).tolist()
    [0.5, 1.0]
    """
    z = np.asarray(logits, np.float64)
    top = z.max(1)
    total = np.log(np.exp(z - top[:, None]).sum(1))
    if score == "confidence":
        return np.exp(-total)
    if score == "energy":
        return top + total
    raise ConfigError(f"unknown score {score!r}", hint="write confidence or energy")


def conformal_p_values(calibration: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return (1 + how many calibration scores are at most as high) / (n + 1) for each row.

    For a row that is exchangeable with the calibration rows P(p ≤ α) ≤ α for every α, whatever
    n is and however many scores are equal.

    Parameters
    ----------
    calibration : ndarray, shape (n,)
        Scores of known rows, n ≥ 1.
    scores : ndarray, shape (m,)

    Returns
    -------
    ndarray of float64, shape (m,)

    Raises
    ------
    DataError
        Without calibration rows, or with a score that is not finite.

    Examples
    --------
    >>> conformal_p_values(np.array([0.2, 0.6, 0.9]), np.array([0.1, 0.7])).tolist()
    [0.25, 0.75]
    """
    ordered = _checked(calibration)
    return (1 + np.searchsorted(ordered, scores, side="right")) / (len(ordered) + 1)


def unknown_threshold(calibration: np.ndarray, rate: float) -> float:
    """Return the score under which a row is called unknown, at a false-alarm rate.

    ``scores < unknown_threshold(calibration, rate)`` is ``conformal_p_values(...) <= rate``.

    Parameters
    ----------
    calibration : ndarray, shape (n,)
    rate : float
        α, between 0 and 1: at most this share of known rows is called unknown. Under 1 / (n + 1)
        nothing can be, and the threshold is −inf.

    Raises
    ------
    ConfigError
        For a rate that is not between 0 and 1.
    DataError
        As `conformal_p_values`.

    Examples
    --------
    >>> scores = np.arange(1, 20) / 20
    >>> unknown_threshold(scores, 0.1), unknown_threshold(scores, 0.04)
    (0.1, -inf)
    """
    check_rate(rate)
    ordered = _checked(calibration)
    # As p-values are compared, so that rounding of α (n + 1) cannot tell the two apart.
    lowest = np.arange(1, len(ordered) + 1) / (len(ordered) + 1) <= rate
    count = int(lowest.sum())
    return float(ordered[count - 1]) if count else -np.inf


def check_rate(rate: float) -> None:
    """Raise ConfigError unless 0 < rate < 1."""
    if not 0 < rate < 1:
        raise ConfigError(
            f"a false-alarm rate of {rate:g}", hint="give a share between 0 and 1, such as 0.05"
        )


def _checked(calibration: np.ndarray) -> np.ndarray:
    ordered = np.sort(np.asarray(calibration, np.float64))
    if not len(ordered):
        raise DataError("no known rows to calibrate with", hint="give rows of known classes")
    if not np.isfinite(ordered).all():
        raise DataError("a calibration score is not finite", hint="leave such rows out")
    return ordered
