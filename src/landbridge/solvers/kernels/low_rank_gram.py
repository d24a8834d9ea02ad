"""A Gaussian kernel matrix as F Fᵀ, where few columns are enough for every digit that matters.

Pivoted Cholesky takes the row that is told worst as the next column (Fine & Scheinberg, 2001,
JMLR 2). What is left of K is positive semidefinite, so none of its entries is above the largest
of its diagonal: the error of every entry is known. For few dimensions and a width like the median
distance some hundred columns do, and neither n² memory nor n² time is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .gaussian_kernel import shifted

_SAMPLE = 500  # rows that a first look is at
_LOOK = 64  # columns after which the rank that it will take is foreseen


@dataclass(frozen=True)
class LowRankGram:
    """The matrix F Fᵀ.

    Attributes
    ----------
    factor : ndarray, float64 (n, r)
    error : float
        No entry of the kernel matrix is further off.
    """

    factor: np.ndarray
    error: float

    def product(self, w: np.ndarray) -> np.ndarray:
        """Return F Fᵀ w."""
        return self.factor @ (w @ self.factor)

    def mean(self) -> float:
        """Return the mean of all entries."""
        return float(np.square(self.factor.sum(axis=0)).sum()) / len(self.factor) ** 2

    def block(self, rows: np.ndarray) -> np.ndarray:
        """Return the entries of these rows and columns."""
        part = self.factor[rows]
        return part @ part.T


def low_rank_gram(
    x: np.ndarray, bandwidth: float, tolerance: float, max_rank: int
) -> LowRankGram | None:
    """Return the kernel matrix of rows with few columns, or None where that takes too many.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    bandwidth : float
        σ of exp(−‖x − z‖² / (2 σ²)).
    tolerance : float
        The largest error of an entry.
    max_rank : int
        Columns, at most. Where the first 64 foretell more, the attempt ends there.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(300, 1))
    >>> found = low_rank_gram(x, 1.0, 1e-7, 100)
    >>> exact = np.exp(-0.5 * (x - x.T) ** 2)
    >>> off = np.abs(found.factor @ found.factor.T - exact)
    >>> found.factor.shape[1] < 40, bool(off.max() <= 1e-7)
    (True, True)
    """
    n = len(x)
    z = shifted(x, x.mean(axis=0, dtype=np.float64), np.float64) / bandwidth
    if n > 2 * _SAMPLE:
        # Some rows take no more columns than all do: look at them before.
        some = _pivoted(z[:: n // _SAMPLE], tolerance, max_rank)
        if some is None:
            return None
    return _pivoted(z, tolerance, max_rank)


def _pivoted(z: np.ndarray, tolerance: float, max_rank: int) -> LowRankGram | None:
    """Return the factor for rows in units of the width."""
    n = len(z)
    halves = 0.5 * np.einsum("ij,ij->i", z, z)
    rest = np.ones(n)
    columns = np.empty((min(max_rank, n), n))  # a row is a column of F
    for r in range(len(columns)):
        pivot = int(rest.argmax())
        left = float(rest[pivot])
        if left <= tolerance:
            return LowRankGram(np.ascontiguousarray(columns[:r].T), max(left, 0.0))
        if r == _LOOK and np.log(tolerance) / np.log(min(rest.mean(), 0.999)) * r > max_rank:
            return None
        column = np.exp(np.minimum(z @ z[pivot] - halves - halves[pivot], 0))
        column -= columns[:r, pivot] @ columns[:r]
        column /= np.sqrt(left)
        columns[r] = column
        rest -= column * column
        rest[pivot] = 0
    left = float(rest.max())
    if left > tolerance:
        return None
    return LowRankGram(np.ascontiguousarray(columns.T), max(left, 0.0))
