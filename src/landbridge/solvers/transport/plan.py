"""A transport plan: who sends how much to whom, and what follows from that."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ...inference.tensors import as_tensor
from ..rows import product
from .cost import row_blocks


class Plan(ABC):
    """P ≥ 0, shape (n, m): P_ij is the mass that goes from source row i to target row j."""

    shape: tuple[int, int]

    @abstractmethod
    def forward(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return P @ values (n, k) and the row sums of P (n,), both up to a factor per row."""

    @abstractmethod
    def backward(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Pᵀ @ values (m, k) and the column sums of P (m,), up to a factor per column."""

    @abstractmethod
    def marginals(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the row sums (n,) and the column sums (m,) of P, float64."""

    @abstractmethod
    def dense(self) -> np.ndarray:
        """Return P as float64 (n, m)."""

    def source_images(self, xt: np.ndarray) -> np.ndarray:
        """Return each source row's barycentric image, Σⱼ Pᵢⱼ xtⱼ / Σⱼ Pᵢⱼ.

        Parameters
        ----------
        xt : ndarray, shape (m, k)
            Target rows, or anything else that belongs to them.

        Returns
        -------
        ndarray, shape (n, k)
            In the type of `xt`. 0 for a row that sends nothing.
        """
        return _mean(*self.forward(_rows(xt, self.shape[1])), _kind(xt))

    def target_images(self, xs: np.ndarray) -> np.ndarray:
        """Return the images of target rows among source rows, Σᵢ Pᵢⱼ xsᵢ / Σᵢ Pᵢⱼ, (m, k)."""
        return _mean(*self.backward(_rows(xs, self.shape[0])), _kind(xs))


class SparsePlan(Plan):
    """A plan of few pairs.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array, float64 (n, m)
    """

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix
        self.shape = matrix.shape

    def forward(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.matrix @ values, self.marginals()[0]

    def backward(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.matrix.T @ values, self.marginals()[1]

    def marginals(self) -> tuple[np.ndarray, np.ndarray]:
        return np.asarray(self.matrix.sum(1)).ravel(), np.asarray(self.matrix.sum(0)).ravel()

    def dense(self) -> np.ndarray:
        return self.matrix.toarray()


@dataclass(eq=False, repr=False)
class ScaledPlan(Plan):
    """P = diag(left) K diag(right), never formed.

    Attributes
    ----------
    kernel : Tensor, float32 or float64 (n, m)
    left, right : Tensor, float64 (n,) and (m,)
    source_potential, target_potential : ndarray, float64 (n,) and (m,)
        f and g of P_ij = a_i b_j exp((f_i + g_j − C_ij) / reg).
    iterations : int
    error : float
        Mass that is not where the marginals want it (balanced), or the last change of the
        potentials relative to reg (unbalanced).
    converged : bool
    """

    kernel: torch.Tensor
    left: torch.Tensor
    right: torch.Tensor
    source_potential: np.ndarray
    target_potential: np.ndarray
    iterations: int
    error: float
    converged: bool

    def __post_init__(self) -> None:
        self.shape = (self.kernel.shape[0], self.kernel.shape[1])

    def forward(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kind = self.kernel.dtype
        x = as_tensor(values)
        weighted = x.to(kind) * self.right.to(kind)[:, None]
        sums = torch.empty(self.shape[0], dtype=torch.float64)
        right = self.right.to(kind)
        for part in row_blocks(*self.shape):
            sums[part] = product(self.kernel[part], right).double()
        return product(self.kernel, weighted).numpy(), sums.numpy()

    def backward(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kind = self.kernel.dtype
        x = as_tensor(values)
        weighted = x.to(kind) * self.left.to(kind)[:, None]
        sums = product(self.kernel.T, self.left.to(kind)).double()
        return product(self.kernel.T, weighted).numpy(), sums.numpy()

    def marginals(self) -> tuple[np.ndarray, np.ndarray]:
        rows, cols = [], torch.zeros(self.shape[1], dtype=torch.float64)
        for part in row_blocks(*self.shape):
            block = self.kernel[part].double()
            rows.append(block @ self.right * self.left[part])
            cols += block.T @ self.left[part]
        return torch.cat(rows).numpy(), (cols * self.right).numpy()

    def dense(self) -> np.ndarray:
        out = np.empty(self.shape)
        for part in row_blocks(*self.shape):
            block = self.kernel[part].double() * self.left[part, None]
            out[part] = block.mul_(self.right).numpy()
        return out


def _rows(values: np.ndarray, n: int) -> np.ndarray:
    if values.ndim != 2 or len(values) != n:
        raise ValueError(f"values have shape {values.shape}, expected ({n}, k)")
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)


def _kind(values: np.ndarray) -> np.dtype:
    floating = np.issubdtype(values.dtype, np.floating)
    return values.dtype if floating else np.dtype(np.float64)


def _mean(total: np.ndarray, mass: np.ndarray, kind: np.dtype) -> np.ndarray:
    mass = np.where(mass > 0, mass, np.inf)
    return (total / mass[:, None].astype(total.dtype)).astype(kind, copy=False)
