"""Transport that keeps the classes of the source apart (Courty et al., 2017, TPAMI 39(9)).

Minimises  ⟨C, P⟩ + reg · KL(P | a bᵀ) + η Σⱼ Σ_c Ω(P_{c,j}),  P_{c,j} the mass that the rows of
class c send to target row j. Ω = ‖·‖₂ ("l1l2", convex) or (‖·‖₁ + ε)^½ ("lpl1"): both are small
where a target row gets its mass from one class.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from .cost import Cost, check_weights, row_blocks
from .plan import ScaledPlan
from .sinkhorn import check_reg, long_enough, sinkhorn


@dataclass(frozen=True)
class ClassTransportFit:
    """A plan, and how the objective fell.

    Attributes
    ----------
    plan : ScaledPlan
    values : tuple of float
        The objective after each outer step; never rises.
    converged : bool
        Whether it stopped falling before the steps ran out.
    """

    plan: ScaledPlan
    values: tuple[float, ...]
    converged: bool


def l1l2_transport(
    cost: Cost,
    labels: np.ndarray,
    reg: float,
    class_reg: float,
    *,
    labeled_mask: np.ndarray | None = None,
    source_weights: np.ndarray | None = None,
    target_weights: np.ndarray | None = None,
    tolerance: float = 1e-7,
    max_iter: int = 200,
    inner_iter: int = 1000,
) -> ClassTransportFit:
    """Return the plan of the group lasso, to the optimum.

    Parameters
    ----------
    cost : Cost
    labels : ndarray of int, shape (n,)
        Classes of the source rows.
    reg, class_reg : float
        reg > 0 and η ≥ 0, in units of the (normalised) cost.
    labeled_mask : ndarray of bool, shape (n,), optional
        Rows whose label is not known are in no group.
    source_weights, target_weights : ndarray, optional
        Equal by default.
    tolerance : float
        Stop when an outer step lowers the objective by less than this share of its size.
    max_iter : int
        Outer steps.
    inner_iter : int
        Sinkhorn iterations in each, at most; later steps go on from earlier ones.

    Returns
    -------
    ClassTransportFit

    Raises
    ------
    ValueError
        Where a strength is out of range or shapes do not fit.

    Notes
    -----
    Bregman proximal gradient steps. The Hessian of ‖x‖₂ is below that of Σ x log x, so with
    L = η each step is a Sinkhorn problem (of reg + L) that never raises the objective, and the
    distance to the optimum shrinks by L / (reg + L) (Lu, Freund & Nesterov, 2018, SIAM J. Optim.
    28(1)). Smaller L are tried first, and given up where the objective would rise.
    """
    problem = _Problem(
        cost, labels, labeled_mask, reg, class_reg, source_weights, target_weights, inner_iter
    )
    with torch.no_grad():
        return _proximal(problem, tolerance, max_iter)


def lpl1_transport(
    cost: Cost,
    labels: np.ndarray,
    reg: float,
    class_reg: float,
    *,
    labeled_mask: np.ndarray | None = None,
    source_weights: np.ndarray | None = None,
    target_weights: np.ndarray | None = None,
    epsilon: float = 1e-3,
    tolerance: float = 1e-7,
    max_iter: int = 10,
    inner_iter: int = 1000,
) -> ClassTransportFit:
    """Return the plan of the concave class penalty, by majorisation (a Sinkhorn plan per step).

    Parameters
    ----------
    cost, labels, reg, class_reg, known, source_weights, target_weights
        As `l1l2_transport`.
    epsilon : float
        Added to the mass under the root, as in POT (the objective is not convex, and depends on
        it: it is an absolute mass).
    tolerance : float
        Stop when a step lowers the objective by less than this share of its size.
    max_iter : int
        Steps, 10 as in POT.
    inner_iter : int
        As `l1l2_transport`.

    Returns
    -------
    ClassTransportFit

    Raises
    ------
    ValueError
        As `l1l2_transport`.
    """
    if not epsilon > 0:
        raise ValueError(f"epsilon must be positive, got {epsilon}")
    problem = _Problem(
        cost, labels, labeled_mask, reg, class_reg, source_weights, target_weights, inner_iter
    )
    with torch.no_grad():
        return _majorise(problem, epsilon, tolerance, max_iter)


class _Problem:
    """The cost, the groups of rows, and sums over groups."""

    def __init__(
        self,
        cost: Cost,
        labels: np.ndarray,
        labeled_mask: np.ndarray | None,
        reg: float,
        class_reg: float,
        source_weights: np.ndarray | None,
        target_weights: np.ndarray | None,
        inner_iter: int,
    ) -> None:
        check_reg(reg)
        if not 0 <= class_reg < np.inf:
            raise ValueError(f"class_reg must be finite and not negative, got {class_reg}")
        self.cost = long_enough(cost, reg)
        n, m = cost.shape
        if len(labels) != n:
            raise ValueError(f"{len(labels)} labels for {n} source rows")
        used = np.ones(n, dtype=bool) if labeled_mask is None else labeled_mask
        self.reg, self.eta, self.inner_iter = reg, class_reg, inner_iter
        self.a = check_weights(source_weights, n, "source")
        self.b = check_weights(target_weights, m, "target")
        self.groups = [
            torch.from_numpy(np.flatnonzero(used & (labels == c))) for c in np.unique(labels[used])
        ]

    def plan(
        self, rest: torch.Tensor, reg: float, before: ScaledPlan | None = None, scale: float = 1.0
    ) -> ScaledPlan:
        """Return Sinkhorn's plan of the cost with another `rest`, from a potential at hand."""
        cost, start = self.cost, None
        if before is not None:
            cols = (cost.unit * cost.cols).numpy()
            start = scale * (before.target_potential - cols) + cols
        changed = Cost(cost.rows, cost.cols, rest, cost.unit)
        return sinkhorn(
            changed,
            reg,
            source_weights=self.a,
            target_weights=self.b,
            tolerance=1e-7,
            max_iter=self.inner_iter,
            start=start,
        )

    def pieces(self, group: torch.Tensor) -> Iterator[torch.Tensor]:
        """Yield the rows of a group in blocks."""
        for part in row_blocks(len(group), self.cost.shape[1]):
            yield group[part]

    def group_sums(self, plan: ScaledPlan, power: int) -> list[torch.Tensor]:
        """Return Σ P_ij^power over each group's rows, float64 (m,) each."""
        sums = []
        for group in self.groups:
            total = torch.zeros(self.cost.shape[1], dtype=torch.float64)
            for rows in self.pieces(group):
                total += _mass(plan, rows).pow_(power).sum(0)
            sums.append(total)
        return sums

    def smooth(self, plan: ScaledPlan, rest: torch.Tensor, reg: float) -> float:
        """Return ⟨C, P⟩ + reg₀ KL(P | a bᵀ) for Sinkhorn's plan of (`rest`, `reg`)."""
        rows, cols = plan.marginals()
        potential = rows @ plan.source_potential + cols @ plan.target_potential
        divergence = (potential - self.linear(plan, rest)) / reg
        return self.linear(plan, self.cost.rest) + self.reg * float(divergence)

    def linear(self, plan: ScaledPlan, rest: torch.Tensor) -> float:
        """Return Σ P_ij (rows_i + cols_j + rest_ij) unit."""
        total = 0.0
        for part in self.cost.slices():
            mass = _mass(plan, part)
            wide = rest[part].double() + self.cost.rows[part, None] + self.cost.cols
            total += float((mass * wide).sum())
        return total * self.cost.unit


def _mass(plan: ScaledPlan, part: slice | torch.Tensor) -> torch.Tensor:
    """Return rows of P, float64."""
    return (plan.kernel[part].double() * plan.left[part, None]).mul_(plan.right)


def _proximal(problem: _Problem, tolerance: float, max_iter: int) -> ClassTransportFit:
    base, eta = problem.cost.rest, problem.eta
    rest, reg = base, problem.reg
    plan = problem.plan(rest, reg)
    squares = problem.group_sums(plan, 2)
    value = problem.smooth(plan, rest, reg) + eta * _norms(squares)
    values, step, done = [value], eta / 8, eta == 0
    for _ in range(max_iter if eta else 0):
        # The cost of the next step, up to terms of a row or a column: C + η ∇Ω(P) − L log P.
        tried = base + rest * (step / reg)
        for group, square in zip(problem.groups, squares, strict=True):
            norm = square.sqrt().clamp_(min=1e-300)
            for rows in problem.pieces(group):
                gradient = _mass(plan, rows).div_(norm).mul_(eta / problem.cost.unit)
                tried[rows] += gradient.to(tried.dtype)
        found = problem.plan(tried, problem.reg + step, plan, (problem.reg + step) / reg)
        found_squares = problem.group_sums(found, 2)
        found_value = problem.smooth(found, tried, problem.reg + step) + eta * _norms(found_squares)
        size = tolerance * (abs(found_value) + problem.reg)
        if found_value > value + size and step < eta:
            step = min(eta, 4 * step)
            continue
        rest, reg, plan, squares = tried, problem.reg + step, found, found_squares
        done = value - found_value <= size
        value = min(value, found_value)
        values.append(value)
        if done:
            break
    return ClassTransportFit(plan, tuple(values), done)


def _majorise(
    problem: _Problem, epsilon: float, tolerance: float, max_iter: int
) -> ClassTransportFit:
    base, eta = problem.cost.rest, problem.eta
    rest, values, done = base, [], False
    plan: ScaledPlan | None = None
    for _ in range(max(1, max_iter)):
        plan = problem.plan(rest, problem.reg, plan)
        masses = problem.group_sums(plan, 1)
        penalty = sum(float((mass + epsilon).sqrt().sum()) for mass in masses)
        values.append(problem.smooth(plan, rest, problem.reg) + eta * penalty)
        size = tolerance * (abs(values[-1]) + problem.reg)
        done = eta == 0 or (len(values) > 1 and values[-2] - values[-1] <= size)
        if done:
            break
        rest = base.clone()
        for group, mass in zip(problem.groups, masses, strict=True):
            slope = (eta / problem.cost.unit) * 0.5 * (mass + epsilon) ** -0.5
            for rows in problem.pieces(group):
                rest[rows] += slope.to(rest.dtype)
    assert plan is not None
    return ClassTransportFit(plan, tuple(values), done)


def _norms(squares: list[torch.Tensor]) -> float:
    return sum(float(square.sqrt().sum()) for square in squares)
