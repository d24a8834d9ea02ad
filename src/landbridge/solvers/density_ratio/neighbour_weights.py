"""Nearest-neighbour weights: how many target rows have a source row as their nearest.

Loog (2012, MLSP, "Nearest neighbor-based importance weighting"): the ratio of densities in the
Voronoi cell of a source row is the number of target rows in it, since it holds one source row;
Laplace smoothing adds 1. Nothing to tune, and weights are spread by the data's own density.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kernels.gaussian_kernel import blocks, shifted
from .base import checked_domains, effective_sample_size, mean_one

_TREE = 8  # columns up to which a k-d tree is faster than products of matrices


@dataclass(frozen=True)
class NeighbourWeights:
    """Weights by nearest neighbours.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        Mean 1 over source rows; the type of `xs`.
    effective_sample_size : float
        Of the source rows under these weights.
    counts : ndarray, float64 (n,)
        Target rows whose nearest source row this is; equal source rows share theirs.
    """

    weights: np.ndarray
    effective_sample_size: float
    counts: np.ndarray


def neighbour_weights(
    xs: np.ndarray, xt: np.ndarray, *, smoothing: float = 1.0
) -> NeighbourWeights:
    """Return Loog's weights of source rows, (count + smoothing) with mean 1.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
        Source and target rows, neither changed.
    smoothing : float
        Added to each count; 1 is the paper's. With 0 a row that is nobody's neighbour gets 0.

    Returns
    -------
    NeighbourWeights

    Raises
    ------
    ValueError
        As `checked_domains`; where `smoothing` is negative or not finite.

    Examples
    --------
    >>> xs, xt = np.array([[0.0], [1.0], [5.0]]), np.array([[0.9], [1.2], [4.0]])
    >>> neighbour_weights(xs, xt).counts.tolist()
    [0.0, 2.0, 1.0]
    """
    xs, xt = checked_domains(xs, xt)
    if not 0 <= smoothing < np.inf:
        raise ValueError(f"smoothing must be a finite number from 0 up, got {smoothing}")
    # Of equal rows any may have been named: they share what they have together.
    _, same, times = np.unique(xs, axis=0, return_inverse=True, return_counts=True)
    same = same.ravel()
    counts = (np.bincount(same[nearest_rows(xt, xs)], minlength=len(times)) / times)[same]
    weights = mean_one(counts + smoothing, xs.dtype)
    return NeighbourWeights(weights, effective_sample_size(weights), counts)


def nearest_rows(x: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return for each row of x the number of a nearest row in `among`."""
    if x.shape[1] <= _TREE:
        from scipy.spatial import KDTree

        return KDTree(among).query(x)[1]
    dtype = np.result_type(x.dtype, among.dtype).type
    middle = among.mean(axis=0, dtype=np.float64)
    z = shifted(among, middle, dtype)
    halves = 0.5 * np.einsum("ij,ij->i", z, z)
    found = np.empty(len(x), dtype=np.int64)
    for rows in blocks(len(x), len(among)):
        near = shifted(x[rows], middle, dtype) @ z.T
        near -= halves
        found[rows] = near.argmax(axis=1)
    return found
