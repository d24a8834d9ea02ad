"""Squared distances between rows, and the median rule for a Gaussian kernel's bandwidth.

The kernel is k(x, z) = exp(−‖x − z‖² / (2 σ²)) everywhere; σ is called the bandwidth.
"""

from __future__ import annotations

import numpy as np

from ...base.seeds import numpy_rng

_BLOCK = 4_000_000  # numbers converted at a time


def squared_distances(
    x: np.ndarray, centres: np.ndarray, dtype: type[np.floating] = np.float64
) -> np.ndarray:
    """Return ‖xᵢ − cⱼ‖² for all pairs, never negative.

    Rows are shifted by the centres' mean in float64 first, so a common offset costs no digits.

    Parameters
    ----------
    x, centres : ndarray, shapes (n, d) and (b, d)
    dtype : type
        Of the products and of what is returned.

    Returns
    -------
    ndarray, shape (n, b)

    Examples
    --------
    >>> squared_distances(np.array([[0.0], [3.0]]), np.array([[1.0]])).ravel().tolist()
    [1.0, 4.0]
    """
    middle = centres.mean(axis=0, dtype=np.float64)
    z = shifted(centres, middle, dtype)
    z_norms = np.einsum("ij,ij->i", z, z)
    out = np.empty((len(x), len(centres)), dtype=dtype)
    for rows in blocks(len(x), x.shape[1]):
        part = shifted(x[rows], middle, dtype)
        block = np.matmul(part, z.T, out=out[rows])
        block *= -2
        block += np.einsum("ij,ij->i", part, part)[:, None]
        block += z_norms
        np.maximum(block, 0, out=block)
    return out


def gaussian_gram(
    x: np.ndarray, bandwidth: float, dtype: type[np.floating] = np.float64
) -> np.ndarray:
    """Return the symmetric matrix of exp(−‖xᵢ − xⱼ‖² / (2 bandwidth²)), with 1 on its diagonal.

    Examples
    --------
    >>> gaussian_gram(np.array([[0.0], [2.0]]), 1.0).round(3).tolist()
    [[1.0, 0.135], [0.135, 1.0]]
    """
    z = shifted(x, x.mean(axis=0, dtype=np.float64), dtype)
    out = z @ z.T  # NumPy computes one triangle of such a product and copies it
    norms = 0.5 * out.diagonal()
    for rows in blocks(len(x), len(x)):
        block = out[rows]
        block -= norms[rows, None]
        block -= norms
        np.minimum(block, 0, out=block)
        block *= dtype(1 / bandwidth**2)
        np.exp(block, out=block)
    np.fill_diagonal(out, 1)
    return out


def median_distance(xs: np.ndarray, xt: np.ndarray, *, rows: int = 500, seed: int = 0) -> float:
    """Return the median distance between different rows of both domains.

    Both sides count the same: `rows` of each at most are drawn. Where more than half of the
    distances are 0, the mean of the others; where all are, 1.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
    rows : int
    seed : int

    Examples
    --------
    >>> median_distance(np.array([[0.0], [1.0]]), np.array([[2.0]]))
    1.0
    """
    rng = numpy_rng(seed, "median distance")
    taken = []
    for x in (xs, xt):
        pick = np.sort(rng.choice(len(x), rows, replace=False)) if len(x) > rows else slice(None)
        taken.append(np.asarray(x[pick], dtype=np.float64))
    pooled = np.concatenate(taken)
    squares = squared_distances(pooled, pooled)
    distances = np.sqrt(squares[np.triu_indices(len(pooled), 1)])
    # The same row twice is at distance 0 but for rounding.
    distances[distances <= 1e-7 * distances.max(initial=0.0)] = 0
    if not distances.any():
        return 1.0
    median = float(np.median(distances))
    return median if median > 0 else float(distances[distances > 0].mean())


def blocks(n: int, width: int, numbers: int = _BLOCK) -> list[slice]:
    """Return slices of n rows, `numbers` values of rows of `width` in each or fewer."""
    step = max(1, numbers // max(1, width))
    return [slice(start, min(n, start + step)) for start in range(0, n, step)]


def shifted(x: np.ndarray, middle: np.ndarray, dtype: type[np.floating]) -> np.ndarray:
    """Return x − middle as `dtype`, rounded once; `middle` is float64."""
    if x.dtype == dtype == np.float32:  # the mean in two parts, no float64 copy
        high = middle.astype(np.float32)
        return (x - high) - (middle - high).astype(np.float32)
    return (x - middle).astype(dtype, copy=False)
