"""Kernel problems as problems on rows: the embedding is Z = P W, and this file makes P.

TCA, JDA, TJM and their kin choose W (p, k) for rows P (n, p) of both sides together:

- kernel "primal": P = X, W penalised by ‖W‖²;
- kernel "linear": K = X Xᵀ, the rows are those of K, W (n, k) has one coefficient for each row.
  The best W lies in the space that X spans, so with X = U s Vᵀ it is W = U V and P = U s²;
- kernel "rbf", exact: P = K, n columns;
- kernel "rbf", Nyström (Williams & Seeger, 2001, NIPS 13): K ≈ Φ Φᵀ with Φ = K_nm K_mm^(−1/2)
  on m landmark rows; then as "linear" with Φ for X. (Roots are Cholesky factors here: any other
  differs by a rotation, which W makes good.)

So p is at most min(n, d), n or m. New rows take the same way as `HeadLayer`s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch

from ...base.seeds import numpy_rng
from ...base.typed import Notes
from ...inference.layers import Affine, HeadLayer, RBFKernel
from ...inference.tensors import as_tensor
from ..kernels.gaussian_kernel import median_distance
from ..kernels.gram import blocks, cholesky, rbf, rounding, side_moments, symmetric

Kernel = Literal["primal", "linear", "rbf"]

EXACT = 3000  # rows up to which the rbf kernel is taken whole by default
_DOUBLE = 1000  # rows up to which the whole kernel is float64


@dataclass(frozen=True, eq=False)
class KernelSpace:
    """The rows P = base @ mix, and how new rows get there.

    Attributes
    ----------
    base : Tensor, shape (n, q)
    mix : Tensor of float64, shape (q, p), or None
        None for the identity.
    back : ndarray, shape (columns after `first`, p), or None
        The same for new rows after the steps `first`; None where it is `mix`.
    first : tuple of HeadLayer
    full : bool
        Whether P is the whole kernel matrix.
    n_source : int
        Rows of the source, which come first.
    dtype : dtype
        Of the rows given.
    gram : Tensor of float64, shape (q, q), or None
        baseᵀ H base, H centring; None where P is whole.
    notes : dict
    """

    base: torch.Tensor
    mix: torch.Tensor | None
    back: np.ndarray | None
    first: tuple[HeadLayer, ...]
    full: bool
    n_source: int
    dtype: np.dtype
    gram: torch.Tensor | None = None
    notes: Notes = field(default_factory=dict)

    @property
    def width(self) -> int:
        """p."""
        return self.base.shape[1] if self.mix is None else self.mix.shape[1]

    def scatter(self) -> torch.Tensor:
        """Return Pᵀ H P, float64 (p, p), H centring."""
        if self.gram is None:
            centred = self.base.double()
            centred = centred - centred.mean(0)
            return centred.T @ centred
        if self.mix is None:
            return self.gram
        return symmetric(self.mix.T @ self.gram @ self.mix)

    def project(self, columns: np.ndarray) -> torch.Tensor:
        """Return Pᵀ columns, float64 (p, r), for columns (n, r)."""
        wanted = torch.from_numpy(np.ascontiguousarray(columns, dtype=np.float64))
        if self.full:
            found = (self.base @ wanted.to(self.base.dtype)).double()
        else:
            found = torch.zeros(self.base.shape[1], wanted.shape[1], dtype=torch.float64)
            for rows in blocks(self.base):
                found += self.base[rows].double().T @ wanted[rows]
        return found if self.mix is None else self.mix.T @ found

    def embedding(self, w: torch.Tensor, values: np.ndarray) -> Embedding:
        """Return what W (p, k) makes of the rows.

        Those of an rbf kernel are centred: all its values are above 0, and their large common
        part would drown the angles between rows.
        """
        inner = w if self.mix is None else self.mix @ w
        outer = inner.numpy() if self.back is None else self.back @ w.numpy()
        rows = self.base @ inner.to(self.base.dtype)
        offset = torch.zeros(w.shape[1], dtype=torch.float64)
        if self.first:
            offset = -rows.double().mean(0)
            rows += offset.to(rows.dtype)
        both = rows.numpy().astype(self.dtype, copy=False)
        steps = (*self.first, Affine(outer, offset.numpy()))
        return Embedding(steps, both[: self.n_source], both[self.n_source :], values, self.notes)


@dataclass(frozen=True, eq=False)
class Embedding:
    """Both sides in k components, and the way there for new rows of either side.

    Attributes
    ----------
    steps : tuple of HeadLayer
        `inference.layers.apply(steps, x)` embeds rows; for the rows of the fit it gives the same
        as `source` and `target` but for rounding.
    source, target : ndarray, shapes (ns, k) and (nt, k)
        In the float type of the rows given.
    values : ndarray, shape (k,)
        Of each component: its variance (times n) over its penalty, largest first.
    notes : dict
        Plain values: which form was solved, p, the kernel's gamma, ...
    """

    steps: tuple[HeadLayer, ...]
    source: np.ndarray
    target: np.ndarray
    values: np.ndarray
    notes: Notes


def kernel_space(
    xs: np.ndarray,
    xt: np.ndarray,
    kernel: Kernel = "rbf",
    *,
    bandwidth: float | None = None,
    landmarks: int | None = None,
    exact: int = EXACT,
    dual: bool = True,
    seed: int = 0,
) -> KernelSpace:
    """Make the rows that a kernel problem is solved on.

    Parameters
    ----------
    xs, xt : ndarray, shapes (ns, d) and (nt, d)
    kernel : {"primal", "linear", "rbf"}
    bandwidth : float, optional
        σ of exp(−‖x − z‖² / (2σ²)); the median distance by default.
    landmarks : int, optional
        Use that many landmark rows for "rbf". By default all rows (exact) up to `exact` rows,
        then 500.
    exact : int
    dual : bool
        False: stop at the features Φ with K = Φ Φᵀ (for "rbf" the exact ones where every row
        is a landmark), for problems whose penalty is not ‖W‖².
    seed : int
        Of the rows that the median and the landmarks are drawn from.

    Returns
    -------
    KernelSpace

    Raises
    ------
    ValueError
        Where shapes disagree, a side is empty, a value is not finite, or an option is out of
        range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> space = kernel_space(rng.normal(size=(30, 4)), rng.normal(size=(20, 4)), "linear")
    >>> space.width, space.notes["form"]
    (4, 'linear')
    """
    x = _stacked(xs, xt)
    dtype = np.dtype(np.float32 if x.dtype == torch.float32 else np.float64)
    if kernel not in ("primal", "linear", "rbf"):
        raise ValueError(f"kernel = {kernel!r}, expected primal, linear or rbf")
    notes: Notes = {"kernel": kernel}
    if kernel == "rbf":
        sigma = (
            median_distance(xs, xt, rows=250, seed=seed) if bandwidth is None else float(bandwidth)
        )
        if not 0 < sigma < np.inf:
            raise ValueError(f"bandwidth = {bandwidth}, expected a positive number")
        gamma = 1 / (2 * sigma**2)
        notes |= {"width": sigma}
        if landmarks is None and len(x) > exact:
            landmarks = 500
        if landmarks is not None and landmarks < 1:
            raise ValueError(f"landmarks = {landmarks}, expected 1 or more")
        if landmarks is None and not dual:
            landmarks = len(x)
        if landmarks is None:
            notes |= {"form": "exact", "columns": len(x)}
            small = len(x) <= _DOUBLE
            full = rbf(x.to(torch.float64 if small else torch.float32), None, gamma)
            notes["mmd_before"] = _whole_discrepancy(full, len(xs))
            step = RBFKernel(x.numpy(), np.asarray(gamma))
            return KernelSpace(full, None, None, (step,), True, len(xs), dtype, notes=notes)
        base, mix, back, first = _nystrom(x, len(xs), gamma, landmarks, seed)
        notes |= {"form": "nystrom", "landmarks": base.shape[1]}
    else:
        base, mix, back, first = _linear(x)
        notes |= {"form": kernel}
    means, gram = side_moments(base, len(xs))
    inner = gram if mix is None else symmetric(mix.T @ gram @ mix)
    apart = means[0] - means[1] if mix is None else (means[0] - means[1]) @ mix
    spread = float(torch.trace(inner)) / len(x)
    notes["mmd_before"] = float(apart @ apart) / spread if spread > 0 else 0.0
    if dual and kernel != "primal":
        mean = (len(xs) * means[0] + len(xt) * means[1]) / len(x)
        mean = mean if mix is None else mean @ mix
        turn = cholesky(inner + len(x) * torch.outer(mean, mean), rounding(base))
        if back is not None:
            back = back @ turn.numpy()
        mix = turn if mix is None else mix @ turn
    notes["columns"] = base.shape[1] if mix is None else mix.shape[1]
    return KernelSpace(base, mix, back, first, False, len(xs), dtype, gram, notes)


_Form = tuple[torch.Tensor, torch.Tensor | None, np.ndarray | None, tuple[Any, ...]]


def _linear(x: torch.Tensor) -> _Form:
    """Return X itself, or U s where it has more columns than rows."""
    n, d = x.shape
    if d <= n:
        return x, None, None, ()
    wide = x.double()
    values, vectors = torch.linalg.eigh(symmetric(wide @ wide.T))
    kept = values > values[-1].clamp(min=0) * n * 1e-15
    if not bool(kept.any()):
        kept[-1] = True
    root = values[kept].clamp(min=1e-300).sqrt()
    back = (wide.T @ (vectors[:, kept] / root)).numpy()
    return vectors[:, kept] * root, None, back, ()


def _nystrom(x: torch.Tensor, n_source: int, gamma: float, landmarks: int, seed: int) -> _Form:
    """Return K_nm, K_mm^(−1/2) and the landmarks: half of each side where both have enough."""
    n = len(x)
    half = min(landmarks, n) // 2
    counts = [min(half, n_source), min(half, n - n_source)]
    spare = min(landmarks, n) - sum(counts)
    counts[int(n_source < n - n_source)] += spare
    rng = numpy_rng(seed, "landmarks")
    chosen = np.concatenate(
        [
            np.sort(rng.choice(n_source, counts[0], replace=False)),
            n_source + np.sort(rng.choice(n - n_source, counts[1], replace=False)),
        ]
    )
    anchors = x[torch.from_numpy(chosen)]
    small = float(n) * len(chosen) * x.shape[1] <= 1e9
    own = torch.float64 if small and x.dtype == torch.float64 else torch.float32
    base = rbf(x.to(own), anchors.to(own), gamma)
    # K_mm = R Rᵀ; Φ = K_nm R^(−ᵀ), which is K_nm K_mm^(−1/2) but for a rotation.
    # What is added bounds its inverse, and so what becomes of rounding in K_nm.
    root = cholesky(rbf(anchors.double(), None, gamma), 1e-9 if own == torch.float64 else 1e-6)
    mix = torch.linalg.solve_triangular(root, torch.eye(len(root), dtype=root.dtype), upper=False)
    return base, mix.T, None, (RBFKernel(anchors.numpy(), np.asarray(gamma)),)


def _whole_discrepancy(kernel: torch.Tensor, n_source: int) -> float:
    """Return the squared distance of means over the mean squared one of rows, in the space of K."""
    n = len(kernel)
    sides = torch.zeros(n, 2, dtype=kernel.dtype)
    sides[:n_source, 0] = 1 / n_source
    sides[n_source:, 1] = 1 / (n - n_source)
    within = (sides.T @ (kernel @ sides)).double()
    part = n_source / n
    mean = torch.tensor([part, 1 - part], dtype=torch.float64)
    spread = float(kernel.diagonal().double().mean() - mean @ within @ mean)
    between = float(within[0, 0] + within[1, 1] - 2 * within[0, 1])
    return max(0.0, between) / spread if spread > 0 else 0.0


def _stacked(xs: np.ndarray, xt: np.ndarray) -> torch.Tensor:
    a, b = as_tensor(xs), as_tensor(xt)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or not len(a) or not len(b):
        raise ValueError(
            f"shapes {tuple(a.shape)} and {tuple(b.shape)}, expected (ns, d) and (nt, d), not empty"
        )
    x = torch.cat([a, b])
    if x.dtype not in (torch.float32, torch.float64):
        x = x.float()
    if not bool(x.sum().isfinite()) and not bool(x.isfinite().all()):
        raise ValueError("a value is not finite (NaN or infinite)")
    return x
