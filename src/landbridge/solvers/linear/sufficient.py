"""Sufficient statistics of rows: what ridge regression and discriminants need of them, and no rows.

Statistics of parts merge to those of all rows exactly, whatever the parts hold: one class, one
row, fewer rows than columns. Each is centred at its own mean (Chan, Golub & LeVeque, 1983, Am.
Stat. 37), so that nothing cancels where means are large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from ..mapping.affine import AffineMap
from ..rows import safe_deviation


@dataclass(frozen=True)
class Statistics:
    """Of n rows x with targets t, all float64.

    Attributes
    ----------
    n : float
    mean : ndarray, shape (d,)
    scatter : ndarray, shape (d, d)
        Σ (x − mean)(x − mean)ᵀ.
    target_mean : ndarray, shape (k,)
    cross : ndarray, shape (d, k)
        Σ (x − mean)(t − target_mean)ᵀ.
    target_scatter : ndarray, shape (k,)
        Σ (t − target_mean)².

    Examples
    --------
    >>> x, t = np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [5.0], [9.0]])
    >>> both = Statistics.of(x[:1], t[:1]).merge(Statistics.of(x[1:], t[1:]))
    >>> both.mean.tolist(), both.scatter.tolist(), both.cross.tolist()
    ([2.0], [[8.0]], [[16.0]])
    """

    n: float
    mean: np.ndarray
    scatter: np.ndarray
    target_mean: np.ndarray
    cross: np.ndarray
    target_scatter: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, targets: np.ndarray) -> Statistics:
        """Return those of rows (n, d) and targets (n, k), computed in float64."""
        rows, own = np.asarray(x, np.float64), np.asarray(targets, np.float64)
        n = len(rows)
        if not n:
            return cls.empty(rows.shape[1], own.shape[1])
        mean, target_mean = rows.mean(0), own.mean(0)
        z, t = rows - mean, own - target_mean
        return cls(n, mean, z.T @ z, target_mean, z.T @ t, (t**2).sum(0))

    @classmethod
    def empty(cls, d: int, k: int) -> Statistics:
        """Return those of no rows."""
        return cls(0, np.zeros(d), np.zeros((d, d)), np.zeros(k), np.zeros((d, k)), np.zeros(k))

    def merge(self, other: Statistics) -> Statistics:
        """Return those of the rows of both."""
        n = self.n + other.n
        if not n:
            return self
        share, weight = other.n / n, self.n * other.n / n
        gap, target_gap = other.mean - self.mean, other.target_mean - self.target_mean
        return Statistics(
            n,
            self.mean + share * gap,
            self.scatter + other.scatter + weight * np.outer(gap, gap),
            self.target_mean + share * target_gap,
            self.cross + other.cross + weight * np.outer(gap, target_gap),
            self.target_scatter + other.target_scatter + weight * target_gap**2,
        )

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviation of each column; 1 for a constant one."""
        variance = np.diag(self.scatter) / max(1.0, self.n)
        return safe_deviation(self.mean, np.sqrt(np.maximum(variance, 0)))

    @property
    def covariance(self) -> np.ndarray:
        """Covariance, divided by n − 1 as of `np.cov`."""
        return self.scatter / max(1.0, self.n - 1)

    def squared_error(self, weight: np.ndarray, bias: np.ndarray) -> float:
        """Return Σ ‖t − W x − b‖² over the rows, which are not needed for it."""
        off = self.target_mean - weight @ self.mean - bias
        own = self.target_scatter - 2 * (weight.T * self.cross).sum(0)
        own = own + np.einsum("kd,de,ke->k", weight, self.scatter, weight)
        return float(np.maximum(own, 0).sum() + self.n * (off**2).sum())


def merged(parts: Sequence[Statistics]) -> Statistics:
    """Return the statistics of all rows that parts are of."""
    return reduce(Statistics.merge, parts)


def ridge_path(
    statistics: Statistics, alphas: Sequence[float]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Minimise Σ ‖t − W x − b‖² + α ‖W·deviation‖² for each α: ridge on standardised rows.

    Returns
    -------
    list of (weight, bias)
        float64 (k, d) and (k,), for rows as they are.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> [(w, b)] = ridge_path(Statistics.of(x, 2 * x + 1), [1e-9])
    >>> w.round(6).tolist(), b.round(6).tolist()
    ([[2.0]], [1.0])
    """
    deviation = statistics.deviation
    values, vectors = np.linalg.eigh(statistics.scatter / np.outer(deviation, deviation))
    values = np.maximum(values, 0)
    turned = vectors.T @ (statistics.cross / deviation[:, None])
    found = []
    for alpha in alphas:
        weight = (vectors @ (turned / (values + alpha)[:, None])).T / deviation
        found.append((weight, statistics.target_mean - weight @ statistics.mean))
    return found


def choose_alpha(folds: Sequence[Statistics], alphas: Sequence[float]) -> float:
    """Return the α with the least squared error on each fold by a fit to all others.

    Examples
    --------
    >>> x = np.arange(8.0)[:, None]
    >>> folds = [Statistics.of(x[i::2], 2 * x[i::2]) for i in range(2)]
    >>> choose_alpha(folds, [1e-6, 1.0, 100.0])
    1e-06
    """
    errors = np.zeros(len(alphas))
    for i, fold in enumerate(folds):
        rest = merged([other for j, other in enumerate(folds) if j != i])
        errors += [fold.squared_error(*fit) for fit in ridge_path(rest, alphas)]
    return float(alphas[int(np.argmin(errors))])


def discriminant(statistics: Statistics, shrinkage: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Return Fisher's linear discriminant as weights (k, d) and biases (k,) of log-odds.

    Targets of the statistics must be +1 for the class and −1 for all others, so that the class
    means are in `cross`. The covariance within classes is shrunk towards its own diagonal by
    `shrinkage` (Friedman, 1989, JASA 84), so that it can be inverted with few rows. A class
    without a row is never the answer.
    """
    s = statistics
    counts = np.rint(s.n * (1 + s.target_mean) / 2)
    there = counts > 0
    off = (s.cross / 2).T[there] / counts[there, None]  # class means less the mean of all
    within = s.scatter - (off.T * counts[there]) @ off
    within = within / max(1.0, s.n - there.sum())
    diagonal = np.maximum(np.diag(within), 0)
    diagonal = np.where(diagonal > 1e-12 * max(diagonal.max(), 1e-300), diagonal, 1.0)
    pooled = (1 - shrinkage) * within + shrinkage * np.diag(diagonal)
    own = np.linalg.solve(pooled, off.T).T
    weight = np.zeros((len(counts), len(s.mean)))
    bias = np.full(len(counts), -1e4)
    weight[there] = own
    prior = np.log(counts[there] / s.n)
    bias[there] = prior - 0.5 * (own * off).sum(1) - own @ s.mean
    return weight, bias


def coral_of(source: Statistics, target: Statistics, reg: float = 0.1) -> AffineMap:
    """Return `landbridge.solvers.mapping.alignment.coral_map` of the rows that both are of.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> xs, xt, none = rng.normal(size=(9, 2)), rng.normal(size=(7, 2)), np.zeros((9, 0))
    >>> found = coral_of(Statistics.of(xs, none), Statistics.of(xt, none[:7]))
    >>> found(xs).shape
    (9, 2)
    """
    if min(source.n, target.n) < 2:
        return AffineMap.identity(len(source.mean))
    first, second = (s.scatter / s.n for s in (source, target))
    added = reg * float(np.trace(first) + np.trace(second)) / (2 * len(first))
    lifted = added * np.eye(len(first))
    matrix = _root(first + lifted, -0.5) @ _root(second + lifted, 0.5)
    return AffineMap(matrix, source.mean, target.mean)


def _root(matrix: np.ndarray, exponent: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    some = values > 1e-12 * max(float(values[-1]), 1e-300)
    return (vectors[:, some] * values[some] ** exponent) @ vectors[:, some].T
