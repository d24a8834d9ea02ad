"""Rows for a logistic regression, reduced to the space they span, and its curvature's axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..rows import CentredRows, eigen, product

_RANK = 1e-12  # eigenvalues below this share of the largest are 0


class LogisticDesign:
    """Rows (x − mean) / scale, or where d ≥ n their coordinates in the space that they span.

    Parameters
    ----------
    x : array, shape (n, d)
    weights : ndarray, shape (n,), optional
    centre : bool
        False where there is no intercept.

    Attributes
    ----------
    rows : Tensor, float32 or float64 (n, r)
        r is d, or the rank where d ≥ n.
    mean : ndarray (d,)
    scale : float
    values : ndarray, float64 (r,)
        Eigenvalues of Σ wᵢ rowᵢ rowᵢᵀ.
    vectors : Tensor or None
        Its eigenvectors (r, r), None for the identity.
    """

    def __init__(self, x: Any, weights: np.ndarray | None, centre: bool) -> None:
        centred = CentredRows(x, None, centre)
        self.dtype = torch.float64 if centred.x.dtype == torch.float64 else torch.float32
        self.n, self.d = centred.n, centred.d
        self.mean, self.scale = centred.mean.cpu().numpy(), centred.scale
        self._centred = centred
        self._axes: torch.Tensor | None = None
        self.vectors: torch.Tensor | None = None
        if self.d >= self.n:
            values, vectors = eigen(centred.kernel())
            kept = values > _RANK * self.n * float(values[-1])
            values, self._axes = values[kept], vectors[:, kept]
            self._root = values.sqrt()
            self.rows = (self._axes * self._root).to(self.dtype)
            self.values = values.numpy()
            if weights is not None:
                wide = self._axes * self._root
                self._diagonalise(wide.T @ (wide * torch.from_numpy(weights)[:, None]))
            return
        self.rows = torch.empty(self.n, self.d, dtype=self.dtype)
        for part in centred.slices():
            self.rows[part] = centred.block(part, self.dtype)
        if weights is None:
            self._diagonalise(centred.gram(self.dtype)[0])
            return
        gram: Any = 0
        root = torch.from_numpy(np.sqrt(weights)).to(self.dtype)
        for part in centred.slices(max(1 << 21, 2 * self.d**2)):
            block = self.rows[part] * root[part, None]
            gram = gram + product(block.T, block).double()
        self._diagonalise(gram.to(self.dtype))

    def _diagonalise(self, gram: torch.Tensor) -> None:
        values, self.vectors = eigen(gram)
        self.values = values.double().clamp_(min=0).numpy()

    def turned(self, weight: np.ndarray) -> np.ndarray:
        """Return weights (m, r) in the eigenvectors' axes."""
        return weight if self.vectors is None else self._product(weight, self.vectors)

    def turned_back(self, weight: np.ndarray) -> np.ndarray:
        """Undo `turned`."""
        return weight if self.vectors is None else self._product(weight, self.vectors.T)

    def _product(self, weight: np.ndarray, vectors: torch.Tensor) -> np.ndarray:
        short = torch.from_numpy(weight).to(vectors.dtype)
        return product(short, vectors).double().numpy()

    def original(self, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights (m, d) and biases (m,) for rows as they came, from those for `rows`."""
        if self._axes is None:
            full = weight / self.scale
        else:
            dual = (self._axes / self._root) @ torch.from_numpy(weight).T  # (n, m)
            wide = torch.zeros(len(weight), self.d, dtype=torch.float64)
            for part in self._centred.slices():
                wide += product(dual[part].T, self._centred.block(part, torch.float64))
            full = wide.numpy() / self.scale
        return full, bias - full @ self.mean
