"""Ridge regression at one strength and nothing else: for what fits it again and again."""

from __future__ import annotations

import numpy as np
import torch

from .rows import CentredRows, matmul_setting, product

_LARGE = 4e9  # multiplications from which float32 rows are multiplied in float32


def ridge_solve(
    x: np.ndarray, targets: np.ndarray, strength: float, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise Σ wᵢ ‖yᵢ − W xᵢ − b‖² + α ‖W‖², b free.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    targets : ndarray, shape (n, k)
    strength : float
        α, positive.
    weights : ndarray, shape (n,), optional
        Not negative.

    Returns
    -------
    weight, bias : ndarray, float64 (k, d) and (k,)

    Examples
    --------
    >>> w, b = ridge_solve(np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]]), 1e-9)
    >>> w.round(6).tolist(), b.round(6).tolist()
    ([[2.0]], [1.0])
    """
    if not 0 < strength < float("inf"):
        raise ValueError(f"strength must be positive and finite, got {strength}")
    with torch.no_grad(), matmul_setting():
        rows = CentredRows(x, weights, True)
        y = torch.from_numpy(np.asarray(targets, dtype=np.float64))
        y = y if rows.used is None else y[rows.used]
        root = torch.ones(rows.n, 1, dtype=torch.float64) if rows.root is None else rows.root
        offset = (root**2 * y).sum(0) / rows.total
        y = (y - offset) * root
        alpha = strength / rows.scale**2
        if rows.n <= rows.d:
            kernel = rows.kernel()
            kernel.diagonal().add_(alpha)
            dual = torch.cholesky_solve(y, torch.linalg.cholesky(kernel))
            weight = torch.zeros(rows.d, y.shape[1], dtype=torch.float64)
            for part in rows.slices():
                weight += product(rows.block(part, torch.float64).T, dual[part])
        else:
            short = rows.x.dtype != torch.float64 and float(rows.n) * rows.d**2 > _LARGE
            gram, moment = rows.gram(torch.float32 if short else torch.float64, lambda p: y[p])
            gram = gram.double()
            # Rounding of float32 products must not make it indefinite.
            least = 1e-6 * float(gram.diagonal().max()) if short else 0.0
            gram.diagonal().add_(max(alpha, least))
            weight = torch.cholesky_solve(moment, torch.linalg.cholesky(gram))
        weight = weight / rows.scale
        return weight.T.numpy(), (offset - rows.mean @ weight).numpy()
