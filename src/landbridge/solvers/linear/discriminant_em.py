"""Class Gaussians with one covariance, fitted to labelled and unlabelled rows by EM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..calibration.softmax import softmax


@dataclass(frozen=True)
class Discriminant:
    """A linear discriminant.

    Attributes
    ----------
    weight : float64 ndarray, shape (classes, d)
    bias : float64 ndarray, shape (classes,)
        Scores are x @ weight.T + bias: log densities plus log shares, up to a constant of the row.
    shares : float64 ndarray, shape (classes,)
        Of the classes among the unlabelled rows.
    moved : float
        The largest change of a row's probability in the last round.
    """

    weight: np.ndarray
    bias: np.ndarray
    shares: np.ndarray
    moved: float


def discriminant_em(
    labelled: np.ndarray,
    labels: np.ndarray,
    unlabelled: np.ndarray,
    start: np.ndarray,
    *,
    labelled_weight: float = 0.3,
    shrinkage: float = 0.3,
    share_prior: float = 0.5,
    rounds: int = 15,
) -> Discriminant:
    """Return the linear discriminant of class Gaussians that share a covariance.

    Each round the unlabelled rows belong to classes by the discriminant's probabilities (the
    first time by `start`); then means, covariance and class shares are those of all rows, the
    labelled ones counting `labelled_weight` of the unlabelled ones together.

    Parameters
    ----------
    labelled, unlabelled : ndarray, shapes (n, d) and (m, d)
    labels : ndarray of int, shape (n,)
    start : ndarray, shape (m, classes)
        Probabilities of the unlabelled rows.
    labelled_weight : float
    shrinkage : float
        Of the mean variance, added to the covariance's diagonal.
    share_prior : float
        How much the labelled rows' class shares count beside those that are found: 0 takes what
        is found, large values keep the shares as they were.
    rounds : int

    Returns
    -------
    Discriminant

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 2)) + 4 * y[:, None]
    >>> found = discriminant_em(x, y, x[50:] + 1, np.full((150, 2), 0.5) + [[0.1, -0.1]])
    >>> bool(abs(found.shares[1] - 2 / 3) < 0.2)
    True
    """
    k, d = start.shape[1], labelled.shape[1]
    x = np.concatenate([labelled, unlabelled]).astype(np.float64)
    middle = x.mean(0)
    x = x - middle
    n, m = len(labelled), len(unlabelled)
    belonging = np.eye(k)[labels] * (labelled_weight * m / n)
    prior = (np.bincount(labels, minlength=k) + 1.0) / (n + k)
    belongs, moved = start.astype(np.float64), 0.0
    for _ in range(rounds):
        weights = np.concatenate([belonging, belongs])
        mass = weights.sum(0) + 1e-9
        means = (weights.T @ x) / mass[:, None]
        row = weights.sum(1)
        scatter = (x * row[:, None]).T @ x - (means.T * mass) @ means
        scatter /= mass.sum()
        scatter[np.diag_indices(d)] += shrinkage * max(np.trace(scatter) / d, 1e-12)
        weight = np.linalg.solve(scatter, means.T).T
        shares = (belongs.sum(0) + share_prior * m * prior + 1e-3) / (
            m + share_prior * m + 1e-3 * k
        )
        bias = np.log(shares) - 0.5 * (weight * means).sum(1)
        after = softmax(x[n:] @ weight.T + bias)
        moved, belongs = float(np.abs(after - belongs).max()), after
    return Discriminant(weight, bias - weight @ middle, shares, moved)
