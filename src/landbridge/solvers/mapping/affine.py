"""An affine map of rows, as matrix and two means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_BLOCK = 1 << 17  # numbers in a block of rows


@dataclass(frozen=True)
class AffineMap:
    """x ↦ (x − mean_from) @ matrix + mean_to.

    Two means and not one offset: rows far from 0 keep their digits.

    Attributes
    ----------
    matrix : ndarray, shape (d_from, d_to)
    mean_from, mean_to : ndarray, shapes (d_from,) and (d_to,)

    Examples
    --------
    >>> AffineMap(np.diag([2.0, 1.0]), np.ones(2), np.zeros(2))(np.ones((1, 2))).tolist()
    [[0.0, 0.0]]
    """

    matrix: np.ndarray
    mean_from: np.ndarray
    mean_to: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Map rows (n, d_from) to (n, d_to), in the type that x has."""
        dtype = x.dtype if np.issubdtype(x.dtype, np.floating) else np.dtype(np.float64)
        mean_from, mean_to = self.mean_from.astype(dtype), self.mean_to.astype(dtype)
        matrix = self.matrix.astype(dtype, copy=False)
        mapped = np.empty((len(x), matrix.shape[1]), dtype)
        step = max(256, _BLOCK // max(1, x.shape[1]))
        for first in range(0, len(x), step):  # centred rows stay in the cache
            part = slice(first, first + step)
            np.matmul(x[part] - mean_from, matrix, out=mapped[part])
            mapped[part] += mean_to
        return mapped

    @property
    def offset(self) -> np.ndarray:
        """The b of x @ matrix + b, float64."""
        return self.mean_to - self.mean_from @ self.matrix.astype(np.float64, copy=False)

    @classmethod
    def identity(cls, d: int) -> AffineMap:
        """Return the map that changes nothing."""
        return cls(np.eye(d), np.zeros(d), np.zeros(d))
