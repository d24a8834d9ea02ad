"""Unbalanced entropic transport: marginals may be missed, at a price.

Minimises  ⟨C, P⟩ + reg · KL(P | a bᵀ) + ρₛ KL(P1 | a) + ρₜ KL(Pᵀ1 | b)
(Chizat et al., 2018, Math. Comp. 87), KL(p | q) = Σ p log(p / q) − p + q. A target class that the
source does not have need not be matched. Scaling steps as in Sinkhorn; after each the best
constant shift between both potentials is applied in closed form, without which the iteration is
slow where ρ ≫ reg (Séjourné, Vialard & Peyré, 2022, AISTATS).
"""

from __future__ import annotations

import numpy as np
import torch

from .cost import Cost, check_weights
from .plan import ScaledPlan
from .sinkhorn import check_reg, finish, open_kernel, out_of_range


def unbalanced_sinkhorn(
    cost: Cost,
    reg: float,
    marginal_reg: float | tuple[float, float],
    *,
    source_weights: np.ndarray | None = None,
    target_weights: np.ndarray | None = None,
    tolerance: float = 1e-6,
    max_iter: int = 1_000,
) -> ScaledPlan:
    """Return the plan that may create and destroy mass.

    Parameters
    ----------
    cost : Cost
    reg : float
        Positive, in units of the (normalised) cost.
    marginal_reg : float, or (ρₛ, ρₜ)
        The price of missing a marginal, in units of the cost. `numpy.inf` on a side: it is met.
    source_weights, target_weights : ndarray, optional
        Made to sum to 1. Equal by default.
    tolerance : float
        Stop when no potential moves by more than this, relative to `reg`.
    max_iter : int

    Returns
    -------
    ScaledPlan
        Its marginals are what the plan made of a and b: their ratio says which rows are used.

    Raises
    ------
    ValueError
        Where a strength is not positive or weights are not weights.

    Examples
    --------
    >>> from landbridge.solvers.transport.cost import given_cost
    >>> plan = unbalanced_sinkhorn(given_cost(np.array([[0.0, 1.0], [1.0, 0.0]])), 1.0, 1.0)
    >>> plan.dense().round(5).tolist()
    [[0.32205, 0.11848], [0.11848, 0.32205]]
    """
    check_reg(reg)
    pair = marginal_reg if isinstance(marginal_reg, tuple) else (marginal_reg, marginal_reg)
    if len(pair) != 2 or not all(rho > 0 for rho in pair):
        raise ValueError(f"marginal_reg must be positive, got {marginal_reg}")
    if np.inf in pair and pair[0] == pair[1]:
        pair = (1e12 * reg, 1e12 * reg)  # balanced: the shift between potentials is free
    n, m = cost.shape
    a = torch.from_numpy(check_weights(source_weights, n, "source"))
    b = torch.from_numpy(check_weights(target_weights, m, "target"))
    with torch.no_grad():
        return _iterate(cost, reg, pair, a, b, tolerance, max_iter)


def _iterate(
    cost: Cost,
    reg: float,
    pair: tuple[float, float],
    a: torch.Tensor,
    b: torch.Tensor,
    tolerance: float,
    max_iter: int,
) -> ScaledPlan:
    kernel = open_kernel(cost, reg)
    powers = [1.0 if rho == np.inf else rho / (rho + reg) for rho in pair]
    u, v = torch.ones_like(a), torch.ones_like(b)
    f, g = kernel.potentials(u, v)
    moved, wide, iterations = np.inf, False, 0
    for step in range(1, max_iter + 1):
        # log u of the optimum given v: −λ log(K b v) − (1 − λ) f₀ / reg with f₀ what is absorbed.
        iterations = step
        at_f = torch.exp(-(1 - powers[0]) * (f / reg - u.log()))
        at_g = torch.exp(-(1 - powers[1]) * (g / reg - v.log()))

        def update(
            part: slice, product: torch.Tensor, u: torch.Tensor = u, at: torch.Tensor = at_f
        ) -> torch.Tensor:
            u[part] = product ** -powers[0] * at[part]
            return a[part] * u[part]

        product = kernel.sweep(b * v, update, wide)
        v = product ** -powers[1] * at_g
        new_f, new_g = kernel.potentials(u, v)
        shift = _best_shift(new_f, new_g, a, b, pair)
        u, v = u * np.exp(shift / reg), v * np.exp(-shift / reg)
        new_f, new_g = new_f + shift, new_g - shift
        moved = max(float((new_f - f).abs().max()), float((new_g - g).abs().max())) / reg
        f, g = new_f, new_g
        if not np.isfinite(moved):
            raise ValueError("the scalings overflow: costs and marginal_reg are too far apart")
        if moved <= tolerance:
            break
        if not wide and moved < 1e-5:
            wide = True
            kernel.widen()
        if out_of_range(u, v, kernel.limit):
            kernel.absorb(u, v)
            u, v = torch.ones_like(a), torch.ones_like(b)
            f, g = kernel.potentials(u, v)
    return finish(kernel, a, b, u, v, iterations, moved, moved <= tolerance)


def _best_shift(
    f: torch.Tensor, g: torch.Tensor, a: torch.Tensor, b: torch.Tensor, pair: tuple[float, float]
) -> float:
    """Return the t for which f + t, g − t is best: the plan's mass is untouched by it."""
    logs = []
    for potential, weight, rho in ((f, a, pair[0]), (g, b, pair[1])):
        if rho == np.inf:
            return 0.0
        logs.append(float(torch.logsumexp(weight.log() - potential / rho, 0)))
    return pair[0] * pair[1] / (pair[0] + pair[1]) * (logs[0] - logs[1])
