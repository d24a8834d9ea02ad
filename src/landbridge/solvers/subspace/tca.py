"""Transfer component analysis (Pan et al., 2011, IEEE Trans. Neural Networks 22(2)).

Few components of a kernel space in which the two sides have the same mean and the rows keep their
variance: W maximises  tr((Wᵀ (K M K + λI) W)^(−1) Wᵀ K H K W),  M the mean discrepancy's matrix.
"""

from __future__ import annotations

import numpy as np
import torch

from ..kernels.gram import unit_columns
from .kernel_space import EXACT, Embedding, Kernel, KernelSpace, kernel_space
from .pencil import DensePencil, KernelPencil

_DENSE = 300  # rows up to which a whole kernel is decomposed

Pencil = DensePencil | KernelPencil


def tca(
    xs: np.ndarray,
    xt: np.ndarray,
    n_components: int = 20,
    *,
    kernel: Kernel = "rbf",
    reg: float = 1.0,
    bandwidth: float | None = None,
    landmarks: int | None = None,
    exact: int = EXACT,
    tolerance: float = 1e-5,
    seed: int = 0,
) -> Embedding:
    """Embed both sides in the components that transfer.

    Parameters
    ----------
    xs, xt : ndarray, shapes (ns, d) and (nt, d)
    n_components : int
        k; fewer come out where the kernel space has fewer dimensions.
    kernel : {"primal", "linear", "rbf"}
        See `kernel_space`.
    reg : float
        λ, with M of Frobenius norm 1 as in the published code of TCA and JDA. (The paper's μ,
        for the M of the formula, is λ (1/ns + 1/nt).) Smaller aligns harder.
    bandwidth : float, optional
        σ of the rbf kernel; the median distance by default.
    landmarks : int, optional
        Nyström with that many rows; by default only above `exact` rows, with 500.
    exact : int
    tolerance : float
        Of the exact kernel form: see `pencil.KernelPencil`.
    seed : int

    Returns
    -------
    Embedding
        Columns of W have length 1. Notes: "mmd_before", "mmd_after": the squared distance of
        the sides' means over the mean squared distance of rows from their common mean, in all of
        the kernel space and in the components.

    Raises
    ------
    ValueError
        Where shapes disagree, a value is not finite, or an option is out of range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> xs, xt = rng.normal(size=(80, 5)), rng.normal(size=(60, 5)) + [3, 0, 0, 0, 0]
    >>> found = tca(xs, xt, 2, kernel="linear", reg=1e-3)
    >>> found.source.shape, found.notes["mmd_before"] > 0.3, found.notes["mmd_after"] < 1e-3
    ((80, 2), True, True)
    """
    space = kernel_space(
        xs, xt, kernel, bandwidth=bandwidth, landmarks=landmarks, exact=exact, seed=seed
    )
    thin = space.project(marginal(len(xs), len(xt)))
    pencil = make_pencil(space, tolerance, seed)
    values, w = pencil.solve(thin, reg, components(space, n_components))
    return embedded(space, unit_columns(w), values)


def marginal(n_source: int, n_target: int) -> np.ndarray:
    """Return e (n, 1) with M = e eᵀ of Frobenius norm 1: 1/ns, then −1/nt, scaled.

    Examples
    --------
    >>> e = marginal(2, 3)
    >>> bool(np.isclose(np.linalg.norm(e @ e.T), 1)), bool(abs(e.sum()) < 1e-12)
    (True, True)
    """
    e = np.concatenate([np.full(n_source, 1 / n_source), np.full(n_target, -1 / n_target)])
    return normalised(e[:, None])


def normalised(columns: np.ndarray) -> np.ndarray:
    """Return E scaled so that E Eᵀ has Frobenius norm 1."""
    size = np.linalg.norm(columns.T @ columns)
    return columns / np.sqrt(size) if size > 0 else columns


def make_pencil(space: KernelSpace, tolerance: float, seed: int) -> Pencil:
    """Return what solves problems on the rows of `space`."""
    if space.full and len(space.base) > _DENSE:
        return KernelPencil(space.base, tolerance=tolerance, seed=seed)
    return DensePencil(space.scatter())


def components(space: KernelSpace, wanted: int) -> int:
    """Return how many components there can be."""
    if wanted < 1:
        raise ValueError(f"n_components = {wanted}, expected 1 or more")
    return min(wanted, space.width)


def embedded(space: KernelSpace, w: torch.Tensor, values: np.ndarray) -> Embedding:
    """Return both sides in the components, with the distance of means that is left noted."""
    found = space.embedding(w, values)
    found.notes["mmd_after"] = discrepancy(found.source, found.target)
    return found


def discrepancy(source: np.ndarray, target: np.ndarray) -> float:
    """Return ‖mean − mean‖² over the mean squared distance from the common mean."""
    between = ((source.mean(0, dtype=np.float64) - target.mean(0, dtype=np.float64)) ** 2).sum()
    both = np.concatenate([source, target]).astype(np.float64)
    spread = both.var(0).sum()
    return float(between / spread) if spread > 0 else 0.0
