"""Joint distribution optimal transport: plan and predictor together (Courty et al., 2017, NeurIPS).

Minimises  Σᵢⱼ Pᵢⱼ (α Cᵢⱼ + |yᵢ − f(xtⱼ)|²) + λ |W|²  over plans P and f(x) = W x + b, in turns: the
plan for a given f, and the ridge regression for a given plan, both to the optimum. So the
objective never rises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..linear.ridge import ridge_loo
from .cost import Cost, GroundLabels, Normalise, check_weights, squared_cost
from .exact import exact_transport
from .plan import Plan
from .sinkhorn import check_reg, long_enough, sinkhorn


@dataclass(frozen=True)
class JointTransport:
    """The plan and the predictor.

    Attributes
    ----------
    plan : Plan
    weight, bias : ndarray, shapes (k, d) and (k,)
        f(x) = x @ weight.T + bias.
    strength : float
        λ, for target weights that sum to 1.
    values : tuple of float
        The objective after each turn.
    converged : bool
    """

    plan: Plan
    weight: np.ndarray
    bias: np.ndarray
    strength: float
    values: tuple[float, ...]
    converged: bool


def joint_transport(
    xs: np.ndarray,
    ys: np.ndarray,
    xt: np.ndarray,
    *,
    feature_weight: float = 1.0,
    alphas: Sequence[float] | np.ndarray = (1e-3,),
    normalise: Normalise = "max",
    reg: float | None = None,
    labels: GroundLabels | None = None,
    source_weights: np.ndarray | None = None,
    target_weights: np.ndarray | None = None,
    tolerance: float = 1e-6,
    max_iter: int = 50,
) -> JointTransport:
    """Fit plan and predictor.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
    ys : ndarray, shape (n, k)
        Real values, or `one_vs_rest` labels.
    feature_weight : float
        α, beside the cost as normalised.
    alphas : sequence of float
        λ to choose from, by leave-one-out in the first turn; it stays the same after that.
    normalise : {None, "mean", "max", "median"}
        Of the cost of features. "max" and α = 1 are the paper's.
    reg : float, optional
        Entropic regularisation of the plan (the objective then has reg · KL(P | a bᵀ)); an
        exact plan without.
    labels : GroundLabels, optional
        Forbids pairs.
    source_weights, target_weights : ndarray, optional
        Equal by default.
    tolerance : float
        Stop when a turn lowers the objective by less than this share.
    max_iter : int
        Turns.

    Returns
    -------
    JointTransport

    Raises
    ------
    ValueError
        Where shapes do not fit or a value is out of range.

    Examples
    --------
    >>> xs = np.linspace(0, 1, 20)[:, None]
    >>> found = joint_transport(xs, 2 * xs, xs + 3, alphas=[1e-6])
    >>> bool(np.abs((xs + 3) @ found.weight.T + found.bias - 2 * xs).max() < 1e-3)
    True
    """
    y = np.asarray(ys, dtype=np.float64)
    if y.ndim != 2 or len(y) != len(xs) or not np.isfinite(y).all():
        raise ValueError(f"ys has shape {y.shape}, expected ({len(xs)}, k), all of it finite")
    if not 0 <= feature_weight < np.inf:
        raise ValueError(f"feature_weight must be finite and not negative, got {feature_weight}")
    base = squared_cost(xs, xt, normalise=normalise, precision="float64" if reg is None else "auto")
    if reg is not None:
        check_reg(reg)
        base = long_enough(base, reg)
    a = check_weights(source_weights, len(xs), "source")
    b = check_weights(target_weights, len(xt), "target")
    counts = None if target_weights is None else b * len(xt)
    outputs: np.ndarray | None = None
    choice = np.asarray(alphas, dtype=np.float64) * len(xt)
    values: list[float] = []
    done = False
    for _ in range(max(1, max_iter)):
        plan, value = _plan(_joint_cost(base, feature_weight, y, outputs), reg, a, b)
        images = plan.target_images(y)
        path = ridge_loo(xt, images, choice, weights=counts)
        choice = np.array([path.strength])
        wide = path.weight.astype(np.float64)
        before = 0.0 if outputs is None else _misfit(images, outputs, b)
        outputs = xt.astype(np.float64) @ wide.T + path.bias
        if not values:  # the first plan knew no predictor: add what labels cost under it
            value += float(a @ (y**2).sum(1) - b @ (images**2).sum(1))
        value += _misfit(images, outputs, b) - before
        values.append(value + path.strength / len(xt) * float((wide**2).sum()))
        done = len(values) > 1 and values[-2] - values[-1] <= tolerance * abs(values[-1])
        if done:
            break
    strength = float(choice[0]) / len(xt)
    return JointTransport(plan, path.weight, path.bias, strength, tuple(values), done)


def _joint_cost(
    base: Cost, feature_weight: float, y: np.ndarray, outputs: np.ndarray | None
) -> Cost:
    """Return α C + |y − f|²: its part of pairs is a product, as that of C is."""
    factor = feature_weight * base.unit
    if outputs is None:
        return Cost(base.rows, base.cols, base.rest, factor)
    kind = base.rest.dtype
    left, right = torch.from_numpy(-2 * y), torch.from_numpy(outputs)
    rest = torch.addmm(base.rest, left.to(kind), right.to(kind).T, beta=factor)
    rows = base.rows * factor + torch.from_numpy((y**2).sum(1))
    return Cost(rows, base.cols * factor + torch.from_numpy((outputs**2).sum(1)), rest)


def _plan(cost: Cost, reg: float | None, a: np.ndarray, b: np.ndarray) -> tuple[Plan, float]:
    """Return the best plan, and its part of the objective."""
    if reg is None:
        found = exact_transport(cost, source_weights=a, target_weights=b)
        return found.plan, found.value
    plan = sinkhorn(cost, reg, source_weights=a, target_weights=b, tolerance=1e-7)
    # At the optimum the entropic objective is that of the dual.
    value = a @ plan.source_potential + b @ plan.target_potential
    return plan, float(value)


def _misfit(images: np.ndarray, outputs: np.ndarray, b: np.ndarray) -> float:
    return float(b @ ((images - outputs) ** 2).sum(1))
