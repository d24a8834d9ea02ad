"""Maximum mean discrepancy between two samples, and whether it is more than chance.

    MMD² = E k(x, x′) + E k(y, y′) − 2 E k(x, y),      k(a, b) = exp(−‖a − b‖² / 2σ²)

(Gretton et al., 2012, JMLR 13), estimated without bias, so it can be below 0. The test permutes
who belongs to which sample; one Gram matrix serves all permutations, as one matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..kernels.gaussian_kernel import squared_distances
from .pooled import pooled_rows

BANDWIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Kernel widths that are tried, in units of the median distance."""


@dataclass(frozen=True)
class MMDTest:
    """MMD² at several kernel widths, and one test over all of them.

    Attributes
    ----------
    values : ndarray, float64 (w,)
        Unbiased MMD² at each width.
    bandwidths : ndarray, float64 (w,)
        σ of each.
    spread : ndarray, float64 (w,)
        1 − mean k inside the samples: the variance of a sample in the kernel's space.
    null : ndarray, float64 (permutations, w)
        MMD² where membership is permuted.
    statistic : float
        The greatest of (MMD² − mean) / deviation over widths, both over permutations.
    null_statistics : ndarray, float64 (permutations,)
        The same of each permutation.
    p : float
        At least 1 / (permutations + 1).
    """

    values: np.ndarray
    bandwidths: np.ndarray
    spread: np.ndarray
    null: np.ndarray
    statistic: float
    null_statistics: np.ndarray
    p: float


def median_width(distances: np.ndarray) -> float:
    """Return the median of the distances between different rows: the median rule for σ.

    Parameters
    ----------
    distances : ndarray, shape (n, n)
        Squared; the diagonal counts for nothing.

    Returns
    -------
    float
        The mean of the positive ones where more than half are 0; 1 where all are.

    Examples
    --------
    >>> median_width(np.array([[0.0, 1, 9], [1, 0, 4], [9, 4, 0]]))
    2.0
    """
    n = len(distances)
    if n < 2:
        return 1.0
    tiny = 1e-14 * float(distances.max())  # the same row twice is at 0 but for rounding
    flat = distances[~np.eye(n, dtype=bool)]
    middle = float(np.sqrt(np.partition(flat, (len(flat) - 1) // 2)[(len(flat) - 1) // 2]))
    if middle**2 > tiny:
        return middle
    apart = flat[flat > tiny]
    return float(np.sqrt(apart).mean()) if len(apart) else 1.0


def mmd_test(
    xs: np.ndarray,
    xt: np.ndarray,
    rng: np.random.Generator,
    *,
    bandwidths: Sequence[float] = BANDWIDTHS,
    permutations: int = 200,
) -> MMDTest:
    """Compare two samples by MMD² at several widths, with a permutation test over all of them.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
        At least two rows each.
    rng : Generator
        Draws the permutations.
    bandwidths : sequence of float
        In units of the median distance.
    permutations : int, default 200

    Returns
    -------
    MMDTest

    Raises
    ------
    ValueError
        Where a sample has fewer than two rows, shapes disagree or a value is not finite.

    Notes
    -----
    The test takes the greatest standardised MMD² over the widths, for the data as for each
    permutation, so trying several widths costs nothing of its level (as in Schrab et al., 2023,
    JMLR 24). O((n + m)² (d + permutations · widths)) operations and O((n + m)²) memory.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(100, 3))
    >>> mmd_test(x, rng.normal(size=(80, 3)) + 1, rng, permutations=99).p
    0.01
    """
    n, m = len(xs), len(xt)
    if min(n, m) < 2:
        raise ValueError(f"MMD² needs two rows on either side, got {n} and {m}")
    factors = np.asarray(bandwidths, dtype=np.float64)
    if not len(factors) or not (factors > 0).all():
        raise ValueError(f"bandwidths must be positive, got {list(bandwidths)}")
    pooled = pooled_rows(xs, xt)
    distances = squared_distances(pooled, pooled)
    median = median_width(distances)
    first = np.arange(n + m) < n
    members = np.stack([first, *(rng.permutation(first) for _ in range(permutations))], axis=1)
    found = np.empty((len(factors), permutations + 1))
    spread = np.empty(len(factors))
    ones = members.astype(np.float64)
    gram = np.empty_like(distances)
    for i, factor in enumerate(factors):
        np.multiply(distances, -0.5 / (factor * median) ** 2, out=gram)
        np.exp(gram, out=gram)
        np.fill_diagonal(gram, 0)
        found[i], within = _mmd2(gram, ones, n, m)
        spread[i] = 1 - float(within[0])
    centre, scale = found.mean(1, keepdims=True), found.std(1, keepdims=True)
    # Constant rows: every value is 0, and so is every statistic.
    standard = ((found - centre) / np.where(scale > 0, scale, 1)).max(0)
    p = (1 + int((standard[1:] >= standard[0]).sum())) / (permutations + 1)
    return MMDTest(
        values=found[:, 0],
        bandwidths=factors * median,
        spread=spread,
        null=found[:, 1:].T,
        statistic=float(standard[0]),
        null_statistics=standard[1:],
        p=p,
    )


def weighted_mmd2(
    xs: np.ndarray, xt: np.ndarray, weights: np.ndarray, bandwidth: float
) -> tuple[float, float]:
    """Return the unbiased MMD² between the source as it is and the target, and of the weighted.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
    weights : ndarray, shape (n,)
        Of the source's rows, not negative; only their ratios matter.
    bandwidth : float
        σ of the kernel.

    Returns
    -------
    plain, weighted : float

    Examples
    --------
    >>> xs, xt = np.array([[0.0], [0.0], [5.0], [5.0]]), np.array([[0.0], [0.0], [0.0]])
    >>> plain, weighted = weighted_mmd2(xs, xt, np.array([1, 1, 0, 0]), bandwidth=1.0)
    >>> plain > 0.2, abs(weighted) < 1e-12
    (True, True)
    """
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != (len(xs),) or not np.isfinite(w).all() or (w < 0).any() or not w.any():
        raise ValueError("weights must be one number a source row, none negative, not all 0")
    n, m = len(xs), len(xt)
    pooled = pooled_rows(xs, xt)
    gram = squared_distances(pooled, pooled)
    gram *= -0.5 / bandwidth**2
    np.exp(gram, out=gram)
    np.fill_diagonal(gram, 0)
    inside, across = gram[:n, :n], gram[:n, n:].mean(1)
    rest = float(gram[n:, n:].sum()) / (m * (m - 1))
    out = []
    for share in (np.full(n, 1 / n), w / w.sum()):
        pairs = 1 - float((share**2).sum())
        own = float(share @ inside @ share) / pairs if pairs > 1e-12 else 1.0
        out.append(own + rest - 2 * float(share @ across))
    return out[0], out[1]


def _mmd2(gram: np.ndarray, members: np.ndarray, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Return MMD² and the mean k inside samples, for each column of 0/1 membership."""
    inside = np.einsum("ij,ij->j", members, gram @ members)
    touching = gram.sum(0) @ members  # inside + across
    across = touching - inside
    other = gram.sum() - inside - 2 * across
    ours, theirs = inside / (n * (n - 1)), other / (m * (m - 1))
    return ours + theirs - 2 * across / (n * m), (ours + theirs) / 2
