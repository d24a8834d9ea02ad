"""Shares in which sources, mixed, are nearest to a target: one weight for each source.

min over the simplex of ‖Σⱼ αⱼ μⱼ − μ‖², μⱼ and μ the kernel means of source j and of the target:
kernel mean matching (Gretton et al., 2009) with as many unknowns as there are sources, so that a
few hundred rows of each are enough. Gaussian kernel of the median width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kernels.gaussian_kernel import squared_distances
from ..label_shift.label_shift import simplex_least_squares

ROWS = 400
"""Rows of a domain that are looked at: means need no more."""


@dataclass(frozen=True)
class SourceMixture:
    """What was found.

    Attributes
    ----------
    shares : ndarray, float64 (sources,)
        Sum to 1.
    distances : ndarray, float64 (sources,)
        MMD² of each source to the target, unbiased.
    distance : float
        The same of the mixture.
    """

    shares: np.ndarray
    distances: np.ndarray
    distance: float


def source_mixture(
    sources: list[np.ndarray], target: np.ndarray, rng: np.random.Generator
) -> SourceMixture:
    """Return the shares of sources whose mixture is nearest to the target.

    Parameters
    ----------
    sources : list of ndarray, each (n_j, d)
        At least two rows each.
    target : ndarray, shape (m, d)
        At least two rows.
    rng : Generator
        Draws the rows that are looked at, `ROWS` of a domain.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> near, far = rng.normal(size=(200, 3)), rng.normal(size=(200, 3)) + 3
    >>> found = source_mixture([near, far], rng.normal(size=(100, 3)), rng)
    >>> found.shares.round(1).tolist()
    [1.0, 0.0]
    """
    drawn = [np.asarray(x, np.float64)[rng.permutation(len(x))[:ROWS]] for x in (*sources, target)]
    pooled = np.concatenate(drawn)
    squares = squared_distances(pooled, pooled)
    apart = squares[squares > 0]
    kernel = np.exp(-squares / (float(np.median(apart)) if len(apart) else 1.0))
    ends = np.cumsum([0, *map(len, drawn)])
    k = len(sources)
    inner = np.empty((k + 1, k + 1))
    for i in range(k + 1):
        for j in range(k + 1):
            block = kernel[ends[i] : ends[i + 1], ends[j] : ends[j + 1]]
            inner[i, j] = block.mean()
            if i == j:  # without rows' products with themselves
                n = len(block)
                inner[i, j] = (block.sum() - np.trace(block)) / (n * (n - 1))
    own, cross = inner[:k, :k], inner[:k, k]
    # Unbiased products need not be those of any means: the least eigenvalue is kept above 0.
    least = float(np.linalg.eigvalsh(own)[0])
    root = np.linalg.cholesky(own + max(0.0, 1e-9 - least) * np.eye(k))
    shares = simplex_least_squares(root.T, np.linalg.solve(root, cross))
    distances = np.diag(own) + inner[k, k] - 2 * cross
    distance = float(shares @ own @ shares + inner[k, k] - 2 * shares @ cross)
    return SourceMixture(shares, distances, distance)
