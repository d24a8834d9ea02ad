"""Entropic optimal transport: Sinkhorn's scaling, stable for small regularisation.

Minimises  ⟨C, P⟩ + reg · KL(P | a bᵀ)  over plans with marginals a and b (Cuturi, 2013, NeurIPS).
"""

from __future__ import annotations

import math

import numpy as np
import torch

from .cost import Cost, check_weights
from .kernel import GibbsKernel
from .plan import ScaledPlan

_SMALL = 250_000  # pairs up to which float64 costs nothing worth saving
_NOISE = 3e-5  # rounding of an exponent that is still far below what is asked of a plan
_NOISE_PLAIN = 2e-7  # an error that sums of float32 products can just show
_NOISE_RELAXED = 1e-6  # the same for relaxed steps, which add noise up, times 2 − ω


def sinkhorn(
    cost: Cost,
    reg: float,
    *,
    source_weights: np.ndarray | None = None,
    target_weights: np.ndarray | None = None,
    tolerance: float = 1e-6,
    max_iter: int = 1_000,
    relaxation: bool = True,
    start: np.ndarray | None = None,
    consume: bool = False,
) -> ScaledPlan:
    """Return the entropic plan.

    Parameters
    ----------
    cost : Cost
        Made again in float64 where float32 is too short for `reg`.
    reg : float
        Positive, in units of the (normalised) cost.
    source_weights, target_weights : ndarray, shapes (n,) and (m,), optional
        Not negative; made to sum to 1. Equal by default. Rows of weight 0 get no mass.
    tolerance : float
        Stop when the mass in wrong columns, Σⱼ |Σᵢ Pᵢⱼ − bⱼ|, is at most this (rows are exact).
    max_iter : int
    relaxation : bool
        Overrelaxed steps once the rate is known (Lehmann et al., 2022, Optim. Lett. 16): the
        same plan in about the square root of the iterations where there would be many.
    start : ndarray, shape (m,), optional
        Target potential to start from.
    consume : bool
        The cost's matrix may be used up: it becomes the kernel, in half the memory. `cost` must
        not be used after that.

    Returns
    -------
    ScaledPlan
        `converged` is False where `max_iter` came first.

    Raises
    ------
    ValueError
        Where `reg` is not positive or weights are not weights.

    Notes
    -----
    An iteration is one pass over the n × m kernel (2nm multiplications twice); memory is the
    cost and the kernel, 8 bytes a pair in float32; 4 with `consume` where nothing has to be
    absorbed, as is usual.

    Examples
    --------
    >>> from landbridge.solvers.transport.cost import given_cost
    >>> plan = sinkhorn(given_cost(np.array([[0.0, 1.0], [1.0, 0.0]])), 1.0)
    >>> plan.dense().round(6).tolist()
    [[0.365529, 0.134471], [0.134471, 0.365529]]
    """
    check_reg(reg)
    n, m = cost.shape
    a = torch.from_numpy(check_weights(source_weights, n, "source"))
    b = torch.from_numpy(check_weights(target_weights, m, "target"))
    with torch.no_grad():
        kernel = open_kernel(cost, reg, start, consume)
        return _scale(kernel, a, b, tolerance, max_iter, relaxation)


def check_reg(reg: float) -> None:
    """Raise where a regularisation is not positive and finite."""
    if not 0 < reg < np.inf:
        raise ValueError(f"reg must be positive and finite, got {reg}")


def open_kernel(
    cost: Cost,
    reg: float,
    start: np.ndarray | None = None,
    consume: bool = False,
) -> GibbsKernel:
    """Return a kernel that is filled, in the shortest type that is safe."""
    cost = long_enough(cost, reg)
    n, m = cost.shape
    kernel = GibbsKernel(cost, reg, torch.float64 if n * m <= _SMALL else torch.float32, consume)
    kernel.start(None if start is None else torch.from_numpy(start))
    return kernel


def long_enough(cost: Cost, reg: float) -> Cost:
    """Return the cost, in float64 where rounding it to float32 would show beside `reg`."""
    if cost.rest.dtype == torch.float32 and cost.source is not None:
        largest = max(abs(end) for end in cost.extent)
        if 2.0**-24 * largest * cost.unit / reg > _NOISE:
            return cost.refined()
    return cost


def finish(
    kernel: GibbsKernel,
    a: torch.Tensor,
    b: torch.Tensor,
    u: torch.Tensor,
    v: torch.Tensor,
    iterations: int,
    error: float,
    converged: bool,
) -> ScaledPlan:
    """Return the plan of these scalings."""
    f, g = kernel.potentials(u, v)
    return ScaledPlan(kernel.k, a * u, b * v, f.numpy(), g.numpy(), iterations, error, converged)


class Relaxation:
    """The factor ω of overrelaxed steps, from the rate at which errors fall.

    Near the solution plain steps shrink the error by θ² a step, and steps of the factor
    ω = 2 / (1 + √(1 − θ²)) by ω − 1, the best there is. θ² is seen from the errors: plain ones
    directly, of a factor that is still too small through θ² = (r + ω − 1)² / (r ω²), as for
    successive overrelaxation of linear systems.
    """

    def __init__(self, on: bool) -> None:
        self.omega = 1.0
        self._on = on
        self._since: list[float] = []

    def plain(self) -> None:
        """Take plain steps from now on."""
        self.omega, self._on = 1.0, False

    def see(self, error: float) -> None:
        """Look at the error of a step, and choose ω for the next."""
        if not self._on:
            return
        seen = self._since
        seen.append(error)
        if error > 20 * min(seen) and self.omega > 1:
            self._set(1.0)  # too bold, as it can be far from the solution
        elif len(seen) >= 8 + 8 * (self.omega > 1) and len(seen) % 4 == 0:
            rate = (seen[-1] / seen[-5]) ** 0.25
            earlier = (seen[-3] / seen[-7]) ** 0.25
            if not self.omega - 1 < rate < 1 or abs(rate - earlier) > 0.1 * (1 - rate) + 0.02:
                return  # it oscillates (ω is large enough), or has not settled
            theta = (rate + self.omega - 1) ** 2 / (rate * self.omega**2)
            if theta < 1:
                best = min(1.9, 2 / (1 + (1 - theta) ** 0.5))
                if best > self.omega + 0.1 * (2 - self.omega):
                    self._set(best)

    def _set(self, omega: float) -> None:
        self.omega = omega
        self._since.clear()


def out_of_range(u: torch.Tensor, v: torch.Tensor, limit: float) -> bool:
    """Return whether scalings have left e^−limit to e^limit."""
    for scaling in (u, v):
        low, high = torch.aminmax(scaling)
        if float(low) < math.exp(-limit) or float(high) > math.exp(limit):
            return True
    return False


def _step(scaling: torch.Tensor, product: torch.Tensor, omega: float) -> torch.Tensor:
    """Return scaling^(1 − ω) · product^(−ω)."""
    return product.reciprocal() if omega == 1 else scaling ** (1 - omega) * product**-omega


def _scale(
    kernel: GibbsKernel,
    a: torch.Tensor,
    b: torch.Tensor,
    tolerance: float,
    max_iter: int,
    relaxation: bool,
) -> ScaledPlan:
    u, v = torch.ones_like(a), torch.ones_like(b)
    chosen = Relaxation(relaxation)
    error, wide = np.inf, False
    for step in range(1, max_iter + 1):
        omega = chosen.omega if step < max_iter else 1.0  # the last step makes the rows exact

        def update(part: slice, product: torch.Tensor, omega: float = omega) -> torch.Tensor:
            u[part] = _step(u[part], product, omega)
            return a[part] * u[part]

        product = kernel.sweep(b * v, update, wide)
        error = float((b * (v * product - 1).abs()).sum())
        if not np.isfinite(error):
            raise ValueError("Sinkhorn's scalings overflow: costs and weights are too far apart")
        if error <= tolerance:
            if omega == 1.0:
                break
            chosen.plain()
        if step == max_iter:
            break
        v = _step(v, product, omega)
        if not wide and error < (_NOISE_PLAIN if omega == 1 else _NOISE_RELAXED / (2 - omega)):
            if 1 < omega < 1.5 and tolerance >= _NOISE_PLAIN:
                chosen.plain()  # a few plain steps more cost less than wide products
            else:
                wide = True
                kernel.widen()
        chosen.see(error)
        if out_of_range(u, v, kernel.limit):
            kernel.absorb(u, v)
            u.fill_(1), v.fill_(1)
    return finish(kernel, a, b, u, v, step, error, error <= tolerance)
