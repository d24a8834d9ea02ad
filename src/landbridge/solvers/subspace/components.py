"""The leading principal components of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..mapping.covariance import as_rows, centred, covariance, mean_of

_DENSE = 256  # dimension below which the whole eigenproblem is cheap


@dataclass(frozen=True)
class Components:
    """Mean and principal axes of rows.

    Attributes
    ----------
    mean : ndarray of float64, shape (d,)
    axes : ndarray, shape (d, k)
        Orthonormal columns, the largest variance first; each signed so that its entry of
        largest size is positive.
    variances : ndarray of float64, shape (k,)
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return the coordinates (n, k) of rows, in the type of `axes`."""
        return centred(x, self.mean, self.axes.dtype) @ self.axes


def principal_components(x: Any, k: int) -> Components:
    """Return the k leading components (fewer where the rows do not vary in so many directions).

    Parameters
    ----------
    x : array, shape (n, d)
        float32 rows are treated in float32: the axes span the same subspace to about 1e-7 times
        the ratio of the largest variance to the gap after the k-th.
    k : int
        1 or more.

    Raises
    ------
    ValueError
        Where k is below 1 or a value is not finite.

    Notes
    -----
    From the smaller of the two Gram matrices (columns, or pairs of rows), by Lanczos' method
    where k is small against its size, else from all its eigenvectors.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 3)) * [1.0, 9.0, 3.0]
    >>> principal_components(x, 1).axes.round(1).ravel().tolist()[1]
    1.0
    """
    if k < 1:
        raise ValueError(f"the number of components must be positive, got {k}")
    x = as_rows(x)
    n, d = x.shape
    if n > d:
        found = covariance(x)
        values, axes = _leading(found.matrix, k)
        mean = found.mean
    else:
        mean = mean_of(x)
        z = centred(x, mean, x.dtype)
        values, inner = _leading(z @ z.T / n, k)
        axes = z.T @ (inner / np.sqrt(values * n)).astype(x.dtype)
    at = np.abs(axes).argmax(0)
    signs = np.sign(axes[at, np.arange(axes.shape[1])])
    return Components(mean, axes * signs.astype(axes.dtype), values)


def _leading(matrix: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest eigenvalues above 0 (float64) and their vectors, falling."""
    size = len(matrix)
    found = None
    if size > _DENSE and k < size // 5:
        found = _lanczos(matrix, k)
    if found is None:
        from scipy.linalg import eigh

        driver = "evd" if k > size // 3 else "evr"
        part = None if driver == "evd" else (size - min(k, size), size - 1)
        found = eigh(matrix, driver=driver, subset_by_index=part, check_finite=False)
    values, vectors = found[0][::-1].astype(np.float64)[:k], found[1][:, ::-1][:, :k]
    kept = values > max(float(values[0]), 0.0) * size * np.finfo(matrix.dtype).eps
    return values[kept], vectors[:, kept]


def _lanczos(matrix: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return k eigenpairs, rising, or None where the method did not converge to them."""
    from scipy.linalg import get_blas_funcs
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    start = np.random.default_rng(0).normal(size=len(matrix)).astype(matrix.dtype)
    trace = float(np.trace(matrix, dtype=np.float64))
    if not trace > 0:
        return None
    scaled = matrix * matrix.dtype.type(1 / trace)
    # Half of a symmetric matrix is read, and reading it is what a product of this kind costs.
    multiply = get_blas_funcs("symv", (scaled,))
    operator = LinearOperator(
        scaled.shape, matvec=lambda v: multiply(1.0, scaled.T, v), dtype=scaled.dtype
    )
    try:
        values, vectors = eigsh(operator, k, v0=start)
    except ArpackError:
        return None
    eps = float(np.finfo(matrix.dtype).eps)
    off = np.abs(vectors.T @ vectors - np.eye(k, dtype=matrix.dtype)).max()
    left = np.abs(scaled @ vectors - vectors * values).max()
    if off > 100 * eps * np.sqrt(len(matrix)) or left > 100 * eps:
        return None
    return values * trace, vectors
