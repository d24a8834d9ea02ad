"""Sliced Wasserstein distance: the mean over directions of the distance in one dimension.

    SW_p(P, Q)^p = mean over unit θ of  ∫₀¹ |F⁻¹_θP(u) − F⁻¹_θQ(u)|^p du

(Bonneel et al., 2015, J. Math. Imaging Vis. 51). In one dimension the distance is exact for
samples of different sizes: both quantile functions are steps, and are compared between steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .pooled import pooled_rows


@dataclass(frozen=True)
class SlicedTest:
    """A sliced Wasserstein distance and its permutation test.

    Attributes
    ----------
    value : float
    null : ndarray, float64 (permutations,)
        The distance where membership is permuted.
    std : float
        Standard deviation of a sample along a direction (root mean square over directions).
    p : float
        At least 1 / (permutations + 1).
    """

    value: float
    null: np.ndarray
    spread: float
    p: float


def directions(d: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return unit vectors drawn evenly, float64 (d, count); ±1 where d is 1."""
    found = rng.normal(size=(d, count))
    return found / np.linalg.norm(found, axis=0)


def wasserstein_1d(x: np.ndarray, y: np.ndarray, p: float = 2.0) -> np.ndarray:
    """Return ∫ |F⁻¹x − F⁻¹y|^p du of each pair of columns: the p-th power of the distance.

    Parameters
    ----------
    x, y : ndarray, shapes (n, k) and (m, k)
    p : float, default 2

    Returns
    -------
    float64 ndarray, shape (k,)

    Examples
    --------
    >>> wasserstein_1d(np.array([[0.0], [1.0]]), np.array([[0.0], [0.0], [3.0]]), p=1).round(6)
    array([0.833333])
    """
    steps = _steps(len(x), len(y))
    a, b = np.sort(np.asarray(x, np.float64), 0), np.sort(np.asarray(y, np.float64), 0)
    return _compare(a.T, b.T, steps, p)


def sliced_wasserstein(xs: np.ndarray, xt: np.ndarray, theta: np.ndarray, p: float = 2.0) -> float:
    """Return SW_p between two samples along given directions.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
    theta : ndarray, shape (d, k)
        Unit columns, see `directions`.
    p : float, default 2
    """
    powers = wasserstein_1d(np.asarray(xs) @ theta, np.asarray(xt) @ theta, p)
    return float(powers.mean() ** (1 / p))


def sliced_wasserstein_test(
    xs: np.ndarray,
    xt: np.ndarray,
    rng: np.random.Generator,
    *,
    count: int = 50,
    permutations: int = 100,
    p: float = 2.0,
) -> SlicedTest:
    """Compare two samples by SW_p along random directions, with a permutation test.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
    rng : Generator
        Draws directions and permutations.
    count : int, default 50
        Directions.
    permutations : int, default 100
    p : float, default 2

    Returns
    -------
    SlicedTest

    Raises
    ------
    ValueError
        Where shapes disagree or a value is not finite.

    Notes
    -----
    Projections are sorted once; a permutation only takes other members out of the sorted rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(60, 2))
    >>> sliced_wasserstein_test(x, rng.normal(size=(50, 2)) * 3, rng, permutations=99).p
    0.01
    """
    pooled = pooled_rows(xs, xt, least=1)
    n = len(xs)
    projected = (pooled - pooled.mean(0)) @ directions(pooled.shape[1], count, rng)
    order = np.argsort(projected, axis=0)
    ranked = np.take_along_axis(projected, order, 0).T.copy()  # (count, n + m)
    first = np.arange(len(pooled)) < n
    steps = _steps(n, len(xt))

    def distance(member: np.ndarray) -> float:
        inside = member[order].T
        ours = ranked[inside].reshape(count, n)
        theirs = ranked[~inside].reshape(count, len(xt))
        return float(_compare(ours, theirs, steps, p).mean() ** (1 / p))

    value = distance(first)
    null = np.array([distance(rng.permutation(first)) for _ in range(permutations)])
    within = [np.var(part, axis=0) for part in (projected[:n], projected[n:])]
    reached = 1 + int((null >= value).sum())
    return SlicedTest(value, null, float(np.sqrt(np.mean(within))), reached / (permutations + 1))


def _steps(n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, between any two steps of either quantile function, whose rows meet for how long."""
    if not n or not m:
        raise ValueError(f"samples have {n} and {m} rows, expected at least one each")
    # In whole numbers of 1 / (n m), so that equal steps are equal.
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    starts = np.concatenate([[0], ends[:-1]])
    return starts // m, starts // n, (ends - starts) / (n * m)


def _compare(
    ours: np.ndarray,
    theirs: np.ndarray,
    steps: tuple[np.ndarray, np.ndarray, np.ndarray],
    p: float,
) -> np.ndarray:
    """Return the distances^p of rows that are sorted already."""
    left, right, lengths = steps
    gap = ours[:, left] - theirs[:, right]
    gap = gap * gap if p == 2 else np.abs(gap) ** p
    return np.asarray(gap @ lengths)
