"""Class shares in a target whose classes may have moved: a mixture of Gaussians that starts there.

In the space that tells the source's classes apart (Fisher's, whitened inside classes) each class
is a Gaussian around its mean. EM fits the target's rows with those, and lets all classes move
together, each by itself as well, and widen. Where classes lie well apart it finds them again after
a shift of the features that a classifier of the source misreads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..two_sample.domain_classifier import ledoit_wolf

STEPS = 60
MOST_AXES = 64
_SCALES = (0.3, 10.0)


@dataclass(frozen=True)
class MovedMixture:
    """What EM found.

    Attributes
    ----------
    shares : ndarray, float64 (k,)
        Of the classes in the target.
    probabilities : ndarray, float64 (m, k)
        Of each target row.
    """

    shares: np.ndarray
    probabilities: np.ndarray


def class_axes(
    x: np.ndarray, labels: np.ndarray, n_classes: int
) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]:
    """Return a map to the space of the class means, whitened inside classes, and the means there.

    Parameters
    ----------
    x : ndarray, float64 (n, d)
    labels : ndarray of int, shape (n,)
        Each class at least once.
    n_classes : int
    """
    from scipy.linalg import solve_triangular

    n, d = x.shape
    counts = np.bincount(labels, minlength=n_classes)
    means = np.zeros((n_classes, d))
    np.add.at(means, labels, x)
    means /= counts[:, None]
    inside = x - means[labels]
    shrinkage = max(ledoit_wolf(inside), 1e-3)
    covariance = inside.T @ inside / max(n - n_classes, 1)
    level = max(float(np.trace(covariance)) / d, 1e-12)
    covariance = (1 - shrinkage) * covariance + shrinkage * level * np.eye(d)
    root = np.linalg.cholesky(covariance)

    def white(rows: np.ndarray) -> np.ndarray:
        return np.asarray(solve_triangular(root, rows.T, lower=True).T)

    prior = counts / n
    placed = white(means)
    middle = prior @ placed
    _, _, axes = np.linalg.svd((placed - middle) * np.sqrt(prior)[:, None], full_matrices=False)
    axes = axes[: min(n_classes - 1, MOST_AXES)].T
    return lambda rows: (white(rows) - middle) @ axes, (placed - middle) @ axes


def moved_mixture(z: np.ndarray, means: np.ndarray, prior: np.ndarray) -> MovedMixture:
    """Fit target rows with the source's classes, which may move and widen.

    Parameters
    ----------
    z : ndarray, float64 (m, q)
        Target rows along `class_axes`.
    means : ndarray, float64 (k, q)
        Of the source's classes there.
    prior : ndarray, shape (k,)
        Shares of the classes in the source.

    Returns
    -------
    MovedMixture

    Notes
    -----
    A class's own move is held back as by as many rows as classes have on average, so that a class
    with few rows stays beside the others.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> means = np.array([[-4.0], [4.0]])
    >>> z = rng.normal(size=(200, 1)) + np.repeat(means, [150, 50], axis=0) + 1.5
    >>> moved_mixture(z, means, np.array([0.5, 0.5])).shares.round(2).tolist()
    [0.75, 0.25]
    """
    m, q = z.shape
    k = len(means)
    held = m / k
    shares = np.asarray(prior, np.float64)
    together, alone, scale = np.zeros(q), np.zeros((k, q)), 1.0
    squares = (z**2).sum(1)[:, None]

    def distances() -> np.ndarray:
        centres = means + together + alone
        return np.asarray(squares - 2 * z @ centres.T + (centres**2).sum(1))

    away = distances()
    probabilities = np.zeros((m, k))
    for _ in range(STEPS):
        logs = np.log(shares + 1e-12) - away / (2 * scale)
        logs -= logs.max(1, keepdims=True)
        probabilities = np.exp(logs)
        probabilities /= probabilities.sum(1, keepdims=True)
        rows = probabilities.sum(0)
        sums = probabilities.T @ z
        together = (sums - rows[:, None] * (means + alone)).sum(0) / m
        alone = (sums - rows[:, None] * (means + together)) / (rows[:, None] + held)
        away = distances()
        scale = float(np.clip((probabilities * away).sum() / (m * q), *_SCALES))
        change = float(np.abs(rows / m - shares).sum())
        shares = rows / m
        if change < 1e-6:
            break
    return MovedMixture(shares, probabilities)
