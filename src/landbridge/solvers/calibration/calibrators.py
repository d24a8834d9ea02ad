"""From scores to probabilities that hold. Fit all of these on scores of rows left out.

Temperature alone keeps the order of the classes; vector scaling gives each class a slope and an
offset of its own; Platt's sigmoid and isotonic regression are for one score of two classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..linear.lbfgs import Lbfgs


def vector_scaling(
    scores: np.ndarray,
    labels: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    prior: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the slopes a and offsets b that make softmax(a · scores + b) likeliest.

    (Guo, Pleiss, Sun & Weinberger, 2017, ICML, arXiv 1706.04599.)

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Must not come from a fit on these rows.
    labels : ndarray of int, shape (n,)
    weights : ndarray, shape (n,), optional
    prior : float
        The penalty is ½ prior (Σ (log a − mean)² + (mean log a)²/10 + Σ b²): with few rows, all
        classes share one slope and no offset, so it becomes a temperature.

    Returns
    -------
    a, b : ndarray, shape (k,)
        a is positive. Ones and zeros where there is no row.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = rng.integers(0, 2, 4000)
    >>> scores = np.stack([np.zeros(4000), 6 * labels - 3 + 3 * rng.normal(size=4000)], axis=1)
    >>> a, b = vector_scaling(scores, labels)
    >>> bool(abs(a[1] - 2 / 3) < 0.05)
    True
    """
    wide = np.asarray(scores, dtype=np.float64)
    n, k = wide.shape
    if not n:
        return np.ones(k), np.zeros(k)
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    truth = np.zeros((n, k))
    truth[np.arange(n), labels] = 1
    centred = wide - wide.mean(1, keepdims=True)
    unit = float(np.sqrt((w @ centred**2).sum() / (w.sum() * k))) or 1.0

    def value(theta: np.ndarray) -> tuple[float, np.ndarray]:
        slope = np.exp(np.clip(theta[:k], -30, 30))
        logits = centred / unit * slope + theta[k:]
        top = logits.max(1, keepdims=True)
        p = np.exp(logits - top)
        total = p.sum(1, keepdims=True)
        lost = w @ (np.log(total[:, 0]) + top[:, 0] - (logits * truth).sum(1))
        p /= total
        residual = (p - truth) * w[:, None]
        mean = theta[:k].mean()
        apart = theta[:k] - mean
        penalty = prior / 2 * (apart @ apart + mean**2 / 10 + theta[k:] @ theta[k:])
        gradient = np.concatenate(
            [
                (residual * centred / unit).sum(0) * slope + prior * (apart + mean / (10 * k)),
                residual.sum(0) + prior * theta[k:],
            ]
        )
        return float(lost + penalty), gradient

    # Not convex in log a, but smooth, with one minimum in practice: a line search is enough.
    scale = 1 / np.sqrt(w.sum() / k + prior)
    start = np.zeros(2 * k)
    first, slope = value(start)
    search = Lbfgs(start / scale, first, slope * scale, 1e-10, 500)
    while not search.done:
        found, slope = value(search.trial * scale)
        search.report(found, slope * scale)
    theta = search.point * scale
    return np.exp(np.clip(theta[:k], -30, 30)) / unit, theta[k:]


def platt_scaling(
    scores: np.ndarray, positive: np.ndarray, *, weights: np.ndarray | None = None
) -> tuple[float, float]:
    """Return a, b of the probability 1 / (1 + exp(−(a score + b))).

    With Platt's targets, (n₊ + 1) / (n₊ + 2) for a positive and 1 / (n₋ + 2) for a negative, so
    that it stays finite where the scores separate (Platt, 1999; Lin, Lin & Weng, 2007, Machine
    Learning 68).

    Parameters
    ----------
    scores : ndarray, shape (n,)
    positive : ndarray of bool, shape (n,)
    weights : ndarray, shape (n,), optional

    Examples
    --------
    >>> a, b = platt_scaling(np.array([-1.0, 1.0]), np.array([False, True]))
    >>> round(1 / (1 + float(np.exp(-(a + b)))), 4)  # (1 + 1) / (1 + 2)
    0.6667
    """
    s = np.asarray(scores, dtype=np.float64)
    yes = np.asarray(positive, dtype=bool)
    w = np.ones(len(s)) if weights is None else np.asarray(weights, dtype=np.float64)
    many, few = float(w[yes].sum()), float(w[~yes].sum())
    goal = np.where(yes, (many + 1) / (many + 2), 1 / (few + 2))
    mean, unit = float(s.mean()) if len(s) else 0.0, float(s.std()) if len(s) else 1.0
    unit = unit or 1.0
    z = (s - mean) / unit
    a, b = 0.0, float(np.log((many + 1) / (few + 1)))

    def lost(a: float, b: float) -> float:
        f = a * z + b
        return float(w @ (np.logaddexp(0, f) - goal * f))

    for _ in range(100):  # Newton's steps, halved until they help
        p = 1 / (1 + np.exp(-(a * z + b)))
        slope = np.array([w @ ((p - goal) * z), w @ (p - goal)])
        bend = w * p * (1 - p)
        matrix = np.array([[bend @ z**2, bend @ z], [bend @ z, bend.sum()]]) + 1e-12 * np.eye(2)
        step = np.linalg.solve(matrix, slope)
        before, length = lost(a, b), 1.0
        while lost(a - length * step[0], b - length * step[1]) > before and length > 1e-10:
            length /= 2
        a, b = a - length * step[0], b - length * step[1]
        if float(step @ slope) < 1e-14 * (1 + before):
            break
    return a / unit, b - a * mean / unit


@dataclass(frozen=True)
class Isotonic:
    """A probability that does not fall as the score rises, linear between `scores`.

    Attributes
    ----------
    scores, probabilities : ndarray, shape (m,)
        Sorted.
    """

    scores: np.ndarray
    probabilities: np.ndarray

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Return probabilities of scores, those of the ends beyond them."""
        return np.interp(scores, self.scores, self.probabilities)


def isotonic(
    scores: np.ndarray, positive: np.ndarray, *, weights: np.ndarray | None = None
) -> Isotonic:
    """Fit the non-falling steps of least squared error (Zadrozny & Elkan, 2002, KDD).

    scikit-learn's pool-adjacent-violators. It needs some hundred rows: with fewer it learns them
    by heart, and `platt_scaling` is the better choice.

    Parameters
    ----------
    scores : ndarray, shape (n,)
    positive : ndarray of bool, shape (n,)
    weights : ndarray, shape (n,), optional

    Examples
    --------
    >>> fit = isotonic(np.array([0.0, 1.0, 2.0, 3.0]), np.array([False, True, False, True]))
    >>> fit(np.array([-5.0, 1.5, 9.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    from sklearn.isotonic import IsotonicRegression

    fit = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    fit.fit(
        np.asarray(scores, dtype=np.float64),
        np.asarray(positive, dtype=np.float64),
        sample_weight=weights,
    )
    return Isotonic(np.asarray(fit.X_thresholds_), np.asarray(fit.y_thresholds_))
