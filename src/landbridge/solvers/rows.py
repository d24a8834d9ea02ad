"""Rows of features, centred and weighted, given block by block; and their Gram matrix.

The features stay as they came (float16, float32, a memory map): nothing of their size is copied.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from ..inference.tensors import as_tensor

_BLOCK = 1 << 18  # numbers in a block of rows: what a core's own cache holds
_GRAM_BLOCK = 1 << 21  # the same where each block costs a pass over a (d, d) matrix, too


@contextmanager
def matmul_setting(precision: str | None = None) -> Iterator[None]:
    """Set how matrices are multiplied, and restore it.

    torch's float32 products to "highest", "high" or "medium" (None: as they are), and NumPy to
    as many threads as torch has.
    """
    before = torch.get_float32_matmul_precision()
    if precision is not None:
        torch.set_float32_matmul_precision(precision)
    try:
        with _libraries().limit(limits=torch.get_num_threads(), user_api="blas"):
            yield
    finally:
        if precision is not None:
            torch.set_float32_matmul_precision(before)


@functools.cache
def _libraries() -> Any:
    """Return threadpoolctl's view of the libraries that are loaded: to look takes 5 ms."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class CentredRows:
    """The rows √wᵢ (xᵢ − mean) / scale, made block by block and never held whole.

    Parameters
    ----------
    x : array, shape (n, d)
    weights : ndarray, shape (n,), optional
    centre : bool

    Attributes
    ----------
    used : Tensor of int64 or None
        The rows of weight above 0, None for all of them; n counts these.
    mean : Tensor, float64 (d,)
    scale : float
        Root mean square of the centred values, so that no square over- or underflows.
    root : Tensor or None
        √w, float64 (n, 1).
    variance : Tensor, float64 (d,)
        Of the columns, before scaling; about 0 where `centre` is False.
    constant : int
        How many columns do not vary.
    """

    def __init__(self, x: Any, weights: np.ndarray | None, centre: bool) -> None:
        self.x = as_tensor(x)
        if self.x.ndim != 2 or not self.x.shape[0]:
            raise ValueError(f"x has shape {tuple(self.x.shape)}, expected (n, d) with n > 0")
        self.device = self.x.device
        self.used: torch.Tensor | None = None
        self.root: torch.Tensor | None = None
        if weights is not None:
            w = torch.as_tensor(np.asarray(weights, dtype=np.float64), device=self.device)
            if w.shape != self.x.shape[:1] or not bool((w >= 0).all() & w.isfinite().all()):
                raise ValueError("weights must be n finite numbers, none of them negative")
            if not bool((w > 0).any()):
                raise ValueError("every weight is 0")
            if not bool((w > 0).all()):
                self.used = torch.nonzero(w > 0).ravel()
                w = w[self.used]
            self.root = w.sqrt()[:, None]
        self.n = len(self.x) if self.used is None else len(self.used)
        self.d = self.x.shape[1]
        self.total = float(self.n) if self.root is None else float((self.root**2).sum())
        self.centre = centre
        self._moments()

    def slices(self, numbers: int = _BLOCK) -> Iterator[slice]:
        """Yield the blocks of rows, each of about so many numbers."""
        step = max(256, numbers // max(1, self.d))
        for start in range(0, self.n, step):
            yield slice(start, min(self.n, start + step))

    def raw(self, rows: slice) -> torch.Tensor:
        """Return rows as they came."""
        return self.x[rows] if self.used is None else self.x[self.used[rows]]

    def block(self, rows: slice, dtype: torch.dtype, columns: slice = slice(None)) -> torch.Tensor:
        """Return √w (x − mean) / scale."""
        values = self.raw(rows)[:, columns]
        if dtype == torch.float32 and values.dtype == torch.float32 and self.root is None:
            # The mean in two parts: the first difference is rounded once, relative to itself.
            return (values - self._high[columns]).sub_(self._low[columns]).mul_(1 / self.scale)
        values = values.to(torch.float64, copy=True).sub_(self.mean[columns]).mul_(1 / self.scale)
        if self.root is not None:
            values *= self.root[rows]
        return values.to(dtype)

    def gram(
        self, dtype: torch.dtype, targets: Callable[[slice], torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return Σ blockᵀ block (d, d) in `dtype` and Σ blockᵀ targets (d, k) in float64.

        Products in `dtype`, sums over blocks in float64. Without `targets`, k is 0.
        """
        out = torch.zeros(self.d, self.d, dtype=torch.float64, device=self.device)
        moment: Any = 0
        for rows in self.slices(max(_GRAM_BLOCK, 2 * self.d**2)):
            part = self.block(rows, dtype)
            if targets is not None:
                moment = moment + product(targets(rows).to(dtype).T, part).T.double()
            out += product(part.T, part)  # NumPy sees that this is symmetric, and halves it
        if targets is None:
            moment = out[:, :0]
        return out.to(dtype), moment

    def kernel(self) -> torch.Tensor:
        """Return the products of all pairs of rows, float64 (n, n)."""
        out = torch.zeros(self.n, self.n, dtype=torch.float64, device=self.device)
        columns = max(256, _BLOCK // max(1, self.n))
        everything = slice(0, self.n)
        for start in range(0, self.d, columns):
            part = self.block(everything, torch.float64, slice(start, start + columns))
            out += product(part, part.T)
        return out

    def _moments(self) -> None:
        """One pass in float64; shifted by the first row, so a constant column gives exact 0."""
        shift = self.raw(slice(0, 1)).to(torch.float64)
        first = torch.zeros(self.d, dtype=torch.float64, device=self.device)
        second = torch.zeros_like(first)
        for rows in self.slices():
            values = self.raw(rows).to(torch.float64, copy=True).sub_(shift)
            if self.root is None:
                first += values.sum(0)
                second += values.square_().sum(0)
            else:
                weight = self.root[rows, 0] ** 2
                first += weight @ values
                second += weight @ values.square_()
        first /= self.total
        second /= self.total
        if not bool(first.isfinite().all() & second.isfinite().all()):
            raise ValueError("x holds values that are not finite (NaN or infinite)")
        self.variance = (second - first**2).clamp_(min=0)
        self.mean = first + shift[0]
        if not self.centre:
            self.variance += self.mean**2
            self.mean = torch.zeros_like(self.mean)
        self.constant = int((self.variance == 0).sum())
        self.scale = float(self.variance.mean().sqrt()) if self.d else 1.0
        self.scale = self.scale or 1.0
        self._high = self.mean.float()
        self._low = (self.mean - self._high).float()


def product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return left @ right for matrices or a vector, by NumPy where that is the faster of the two.

    Its library runs at the same speed whatever the shapes, on processors of all makers; torch's
    falls to a half or a fifth where one side is narrow. Only torch knows other devices, and
    `matmul_setting`.

    Examples
    --------
    >>> product(torch.ones(2, 3), torch.ones(3, 1)).tolist()
    [[3.0], [3.0]]
    """
    if left.device.type != "cpu" or torch.get_float32_matmul_precision() != "highest":
        return left @ right
    return torch.from_numpy(left.numpy() @ right.numpy())


def eigen(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the eigenvalues (rising) and eigenvectors of a symmetric matrix.

    By the library that is the faster: torch's in float32, NumPy's in float64.

    Examples
    --------
    >>> eigen(torch.diag(torch.tensor([2.0, 1.0])))[0].tolist()
    [1.0, 2.0]
    """
    if matrix.dtype == torch.float32 or matrix.device.type != "cpu":
        values, vectors = torch.linalg.eigh(matrix)
        return values, vectors
    if not bool(matrix.isfinite().all()):
        raise ValueError("the matrix holds values that are not finite (NaN or infinite)")
    found = np.linalg.eigh(matrix.numpy())
    return torch.from_numpy(found[0]), torch.from_numpy(found[1])


def with_ones(x: np.ndarray) -> np.ndarray:
    """Return the rows with a column of ones behind: an intercept is a weight of it."""
    return np.concatenate([x, np.ones((len(x), 1), dtype=x.dtype)], axis=1)


def safe_deviation(mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Return standard deviations to divide by: 1 for a constant column."""
    # Rounding makes a constant column vary a little: dividing by that would blow it up.
    flat = deviation <= 1e-6 * np.abs(mean)
    return np.where(flat | (deviation == 0), 1, deviation)
