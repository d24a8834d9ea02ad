"""Transfer joint matching (Long, Wang, Ding, Sun & Yu, 2014, CVPR).

As TCA, but the penalty on the coefficients of source rows is one on whole rows, so that source
rows unlike the target lose their part:

    min  tr(Wᵀ K M K W) + λ (Σ_source ‖wᵢ‖ + ‖W_target‖²)   with  Wᵀ K H K W = s I.

Reweighted least squares: the penalty becomes Σ gᵢ ‖wᵢ‖² with gᵢ = 1 / (2‖wᵢ‖) from the last W,
each step of which cannot raise the objective. The constant s only sets the units of W, as the two
norms differ in theirs: here ‖W‖² = k at the first step, about what the published code has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from ..kernels.gram import blocks, cholesky, rounding, symmetric, unit_columns
from .kernel_space import Embedding, KernelSpace, kernel_space
from .pencil import DensePencil
from .tca import components, discrepancy, marginal

_EXACT = 800  # rows up to which the rbf kernel is taken whole


@dataclass(frozen=True, eq=False)
class MatchedEmbedding(Embedding):
    """An embedding, and what part each source row had in it.

    Attributes
    ----------
    weights : ndarray, shape (ns,)
        ‖wᵢ‖ of source rows, mean 1.
    objectives : ndarray, shape (iterations,)
        What is minimised, after each step.
    """

    weights: np.ndarray
    objectives: np.ndarray


def tjm(
    xs: np.ndarray,
    xt: np.ndarray,
    n_components: int = 20,
    *,
    kernel: str = "linear",
    reg: float = 1.0,
    max_iter: int = 10,
    bandwidth: float | None = None,
    landmarks: int | None = None,
    seed: int = 0,
) -> MatchedEmbedding:
    """Embed both sides and weigh the source rows.

    Parameters
    ----------
    xs, xt : ndarray, shapes (ns, d) and (nt, d)
    n_components : int
        k.
    kernel : {"linear", "rbf"}
        With coefficients for rows; so there is no "primal".
    reg : float
        λ; M has Frobenius norm 1.
    max_iter : int
        At most; it stops where the objective falls by less than 1e-6 of itself.
    bandwidth, landmarks, seed
        As in `tca`; by default Nyström with 500 landmarks above 800 rows.

    Returns
    -------
    MatchedEmbedding
        Columns of the map have the length that W's of length 1 give them.

    Raises
    ------
    ValueError
        As `tca`.

    Notes
    -----
    K = Φ Φᵀ, Φ (n, p). The cheapest W for A = Φᵀ W is G⁻¹ Φ T⁻¹ A with T = Φᵀ G⁻¹ Φ, and costs
    tr(Aᵀ T⁻¹ A). So each step is a problem of p columns, p = d or the landmarks, and
    n p² + p³ operations.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> xs, xt = rng.normal(size=(60, 4)), rng.normal(size=(50, 4)) + [2, 0, 0, 0]
    >>> found = tjm(xs, xt, 2)
    >>> found.source.shape, bool((np.diff(found.objectives) <= 0).all())
    ((60, 2), True)
    """
    if kernel not in ("linear", "rbf"):
        raise ValueError(f"kernel = {kernel!r}, expected linear or rbf")
    if max_iter < 1:
        raise ValueError(f"max_iter = {max_iter}, expected 1 or more")
    space = kernel_space(
        xs,
        xt,
        "rbf" if kernel == "rbf" else "linear",
        bandwidth=bandwidth,
        landmarks=landmarks,
        exact=_EXACT,
        dual=False,
        seed=seed,
    )
    k = components(space, n_components)
    scatter = space.scatter()
    thin = space.project(marginal(len(xs), len(xt)))
    price = torch.ones(len(space.base), dtype=torch.float64)
    unit = 0.0
    objectives: list[float] = []
    lengths = price
    values, inner = np.zeros(k), torch.zeros(space.width, k, dtype=torch.float64)
    for _ in range(max_iter):
        there = cholesky(_weighted_gram(space, 1 / price), rounding(space.base))
        # A = there @ V costs ‖V‖²
        values, v = DensePencil(symmetric(there.T @ scatter @ there)).solve(
            there.T @ thin, reg, min(k, there.shape[1])
        )
        # Where there are more columns than rank, some directions have no length.
        keep = values > 1e-12 * max(float(values.max(initial=0.0)), 1e-300)
        values, v = values[keep], v[:, torch.from_numpy(keep)]
        v = v / torch.from_numpy(np.sqrt(values))  # Wᵀ K H K W = I
        inner = there @ v
        back = torch.linalg.solve_triangular(there.T, v, upper=True)  # T⁻¹ A
        w = _coefficients(space, back) / price[:, None]
        unit = unit or math.sqrt(v.shape[1] / float((w * w).sum()))
        inner, w = inner * unit, w * unit
        lengths = torch.linalg.vector_norm(w, dim=1)
        objectives.append(_objective(inner, thin, lengths, len(xs), reg))
        if len(objectives) > 1 and objectives[-2] - objectives[-1] <= 1e-6 * objectives[-2]:
            break
        # A row without any part would never come back, and divides by 0.
        floor = 1e-6 * float(lengths.mean()) or 1.0
        price[: len(xs)] = 1 / (2 * lengths[: len(xs)].clamp(min=floor))
    # The same directions as columns of W of length 1.
    size = torch.linalg.vector_norm(w, dim=0)
    sign = torch.sign((unit_columns(inner) * inner).sum(0))
    found = space.embedding(
        inner * (sign / torch.where(size > 0, size, torch.ones_like(size))), values
    )
    found.notes.update(
        iterations=len(objectives),
        objective=objectives[-1],
        mmd_after=discrepancy(found.source, found.target),
    )
    part = lengths[: len(xs)].numpy()
    weights = part / part.mean() if part.any() else np.ones(len(part))
    return MatchedEmbedding(
        found.steps,
        found.source,
        found.target,
        values,
        found.notes,
        weights,
        np.asarray(objectives),
    )


def _objective(
    inner: torch.Tensor,
    thin: torch.Tensor,
    lengths: torch.Tensor,
    n_source: int,
    reg: float,
) -> float:
    matched = float(((inner.T @ thin) ** 2).sum())
    rows = float(lengths[:n_source].sum() + (lengths[n_source:] ** 2).sum())
    return matched + reg * rows


def _weighted_gram(space: KernelSpace, weights: torch.Tensor) -> torch.Tensor:
    """Return Φᵀ diag(weights) Φ."""
    own = space.base.shape[1]
    out = torch.zeros(own, own, dtype=torch.float64)
    for rows in blocks(space.base):
        part = space.base[rows].double()
        out += part.T @ (weights[rows, None] * part)
    return symmetric(out if space.mix is None else space.mix.T @ out @ space.mix)


def _coefficients(space: KernelSpace, inner: torch.Tensor) -> torch.Tensor:
    """Return Φ inner, float64 (n, k)."""
    wanted = inner if space.mix is None else space.mix @ inner
    return torch.cat([space.base[rows].double() @ wanted for rows in blocks(space.base)])
