"""The components of W that maximise tr((Wᵀ (λI + F Fᵀ) W)^(−1) Wᵀ S W): few of many, F thin.

S = Pᵀ H P is the variance of the rows P W (H centres), F = Pᵀ E the differences of means that
should vanish: every maximum mean discrepancy M = E Eᵀ of TCA, JDA, BDA has rank 1 to C + 1.
So C = λI + F Fᵀ has a root and an inverse at the price of a few columns, and the right
problem is symmetric: C^(−1/2) S C^(−1/2). (`eigh` of C^(−1) S, which is not symmetric, gives
vectors that solve nothing.)
"""

from __future__ import annotations

import numpy as np
import torch

from ..kernels.gram import symmetric

_DENSE = 600  # columns up to which a second problem is solved like the first


class DensePencil:
    """For S given as a matrix, with several F in turn.

    Parameters
    ----------
    scatter : Tensor of float64, shape (p, p)
        S.
    """

    def __init__(self, scatter: torch.Tensor) -> None:
        self.scatter = scatter
        self._solved = 0
        self._axes: tuple[torch.Tensor, torch.Tensor] | None = None

    def solve(self, thin: torch.Tensor, ridge: float, k: int) -> tuple[np.ndarray, torch.Tensor]:
        """Return the k largest values, and W (p, k) with Wᵀ C W = I, for C = ridge I + F Fᵀ.

        From the second F on, and where p is large, S is diagonal (one eigendecomposition for
        all), and a Lanczos iteration needs a few products with p × r matrices.

        Raises
        ------
        ValueError
            Where ridge is not positive or k is not in 1 … p.
        """
        p = len(self.scatter)
        _check(ridge, k, p)
        self._solved += 1
        if self._solved == 1 or p <= _DENSE or 2 * k > p:
            return self._dense(thin, ridge, k)
        return self._lanczos(thin, ridge, k)

    def _dense(self, thin: torch.Tensor, ridge: float, k: int) -> tuple[np.ndarray, torch.Tensor]:
        from scipy.linalg import eigh

        root = _InverseRoot(thin, ridge)
        p = len(self.scatter)
        problem = symmetric(root(root(self.scatter).T)).numpy()
        values, vectors = eigh(problem, subset_by_index=[p - k, p - 1], overwrite_a=True)
        return values[::-1].copy(), root(torch.from_numpy(vectors[:, ::-1].copy()))

    def _lanczos(self, thin: torch.Tensor, ridge: float, k: int) -> tuple[np.ndarray, torch.Tensor]:
        from scipy.sparse.linalg import LinearOperator, eigsh

        if self._axes is None:
            values, vectors = torch.linalg.eigh(self.scatter)
            self._axes = values.clamp(min=0), vectors
        variance, axes = self._axes
        p = len(variance)
        root = _InverseRoot(axes.T @ thin, ridge)

        def product(v: np.ndarray) -> np.ndarray:
            inner = root(torch.from_numpy(v.reshape(p, -1)))
            return root(variance[:, None] * inner).numpy().reshape(v.shape)

        operator = LinearOperator((p, p), matvec=product, dtype=np.float64)
        found, vectors = eigsh(operator, k, which="LA", v0=np.ones(p), ncv=min(p, 2 * k + 20))
        order = np.argsort(found)[::-1]
        return found[order], axes @ root(torch.from_numpy(vectors[:, order].copy()))


class KernelPencil:
    """For P = K, a symmetric kernel matrix too large to decompose, with several F in turn.

    S = K H K is K² but for rank one and C = λI but for rank r. So the solutions lie in a block
    Krylov space of K alone that starts with F, K1 and a random block: one product with K for
    each new column, where a power iteration on C^(−1/2) S C^(−1/2) needs two. On that space the
    problem is solved exactly (Rayleigh–Ritz, float64), and the space grows until the sum of the
    k values stops to. The space is kept from one F to the next.

    Parameters
    ----------
    kernel : Tensor, shape (n, n)
        float32 or float64.
    block : int
        Columns of the random block.
    tolerance : float
        Relative growth of the sum of values at which the space is large enough.
    seed : int
    """

    def __init__(
        self, kernel: torch.Tensor, *, block: int = 30, tolerance: float = 1e-5, seed: int = 0
    ) -> None:
        self.kernel = kernel
        self.block = block
        self.tolerance = tolerance
        n = len(kernel)
        self.basis = torch.empty(n, 0, dtype=kernel.dtype)
        self._images = torch.empty(n, 0, dtype=torch.float64)  # H K basis
        self._scatter = torch.empty(0, 0, dtype=torch.float64)  # of images
        self._noise = torch.Generator().manual_seed(seed)
        start = torch.cat([torch.ones(n, 1, dtype=kernel.dtype), self._random(block)], 1)
        self._next = kernel @ start

    def solve(self, thin: torch.Tensor, ridge: float, k: int) -> tuple[np.ndarray, torch.Tensor]:
        """As `DensePencil.solve`, to `tolerance`."""
        n = len(self.kernel)
        _check(ridge, k, n)
        self._grow(torch.cat([thin.to(self.kernel.dtype), self._next], 1))
        while self.basis.shape[1] < min(n, 3 * k):
            self._grow(self._next)
        values, vectors = self._ritz(thin, ridge, k)
        while self.basis.shape[1] < n:
            before = values.sum()
            self._grow(self._next)
            values, vectors = self._ritz(thin, ridge, k)
            if values.sum() - before <= self.tolerance * values.sum():
                break
        return values, self.basis.double() @ vectors

    def _grow(self, new: torch.Tensor) -> None:
        """Add columns to the basis, and one product with K."""
        room = len(self.kernel) - self.basis.shape[1]
        new = new[:, :room]
        for _ in range(2):
            before = torch.linalg.vector_norm(new, dim=0)
            new = new - self.basis @ (self.basis.T @ new)
            lost = torch.linalg.vector_norm(new, dim=0) <= 1e-6 * before
            if bool(lost.any()):  # nothing new in that direction: any other will do
                fresh = self._random(int(lost.sum()))
                new[:, lost] = fresh - self.basis @ (self.basis.T @ fresh)
            new = torch.linalg.qr(new)[0]
        product = self.kernel @ new
        image = product.double()
        image -= image.mean(0)
        across = self._images.T @ image
        self._scatter = torch.cat(
            [
                torch.cat([self._scatter, across], 1),
                torch.cat([across.T, image.T @ image], 1),
            ]
        )
        self.basis = torch.cat([self.basis, new], 1)
        self._images = torch.cat([self._images, image], 1)
        self._next = product[:, -self.block - 2 :]

    def _ritz(self, thin: torch.Tensor, ridge: float, k: int) -> tuple[np.ndarray, torch.Tensor]:
        inner = (self.basis.T @ thin.to(self.basis.dtype)).double()
        return DensePencil(symmetric(self._scatter)).solve(inner, ridge, min(k, len(inner)))

    def _random(self, columns: int) -> torch.Tensor:
        n, dtype = len(self.kernel), self.kernel.dtype
        return torch.randn(n, columns, generator=self._noise, dtype=dtype)


class _InverseRoot:
    """(ridge I + F Fᵀ)^(−1/2), applied to columns: only F's few directions differ."""

    def __init__(self, thin: torch.Tensor, ridge: float) -> None:
        left, values, _ = torch.linalg.svd(thin, full_matrices=False)
        self.left = left
        self.change = 1 - 1 / (1 + values**2 / ridge).sqrt()
        self.scale = ridge**-0.5

    def __call__(self, columns: torch.Tensor) -> torch.Tensor:
        low = self.change[:, None] * (self.left.T @ columns)
        return (columns - self.left @ low) * self.scale


def _check(ridge: float, k: int, p: int) -> None:
    if not 0 < ridge < np.inf:
        raise ValueError(f"the regularisation must be positive, got {ridge}")
    if not 1 <= k <= p:
        raise ValueError(f"{k} components asked of {p} columns")
