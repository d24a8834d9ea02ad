"""Transport that keeps neighbours together (Flamary et al., 2014; Courty et al., 2017, TPAMI).

Minimises  ⟨C, P⟩ + η [α tr(Xtᵀ Pᵀ Ls P Xt) + (1 − α) tr(Xsᵀ P Lt Pᵀ Xs)]  over plans with marginals
a and b; Ls, Lt are Laplacians of nearest-neighbour graphs. The penalty is that of POT: neighbours
in the source should have near images, and neighbours in the target near pre-images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .cost import Cost
from .exact import exact_transport
from .plan import SparsePlan


@dataclass(frozen=True)
class LaplacianFit:
    """A plan, and how the objective fell.

    Attributes
    ----------
    plan : SparsePlan
    values : tuple of float
        The objective at the start and after each step; never rises.
    gap : float
        The objective is at most this far above the optimum (Frank-Wolfe's duality gap).
    converged : bool
    """

    plan: SparsePlan
    values: tuple[float, ...]
    gap: float
    converged: bool


def neighbour_laplacian(x: np.ndarray, n_neighbors: int) -> Any:
    """Return D − S for S the symmetric part of the graph of nearest neighbours, sparse (n, n)."""
    from scipy.sparse import csr_array, diags_array
    from sklearn.neighbors import kneighbors_graph

    if len(x) < 2:
        return csr_array((len(x), len(x)))
    graph = csr_array(kneighbors_graph(x, min(n_neighbors, len(x) - 1)))
    graph = (graph + graph.T) / 2
    return csr_array(diags_array(graph.sum(0)) - graph)


def laplacian_transport(
    cost: Cost,
    xs: np.ndarray,
    xt: np.ndarray,
    strength: float = 1.0,
    *,
    source_share: float = 0.5,
    n_neighbors: int = 3,
    source_weights: np.ndarray | None = None,
    target_weights: np.ndarray | None = None,
    tolerance: float = 1e-6,
    max_iter: int = 100,
) -> LaplacianFit:
    """Return the plan.

    Parameters
    ----------
    cost : Cost
        Of xs to xt.
    xs, xt : ndarray, shapes (n, d) and (m, d)
    strength : float
        η, not negative.
    source_share : float
        α, between 0 and 1.
    n_neighbors : int
        In both graphs.
    source_weights, target_weights : ndarray, optional
        Equal by default.
    tolerance : float
        Stop when the duality gap or a step's decrease is below this share of the objective.
    max_iter : int
        Steps; each solves an exact transport problem.

    Returns
    -------
    LaplacianFit

    Raises
    ------
    ValueError
        Where a value is out of range or shapes do not fit.

    Notes
    -----
    Frank-Wolfe with an exact line search. Plans stay sparse and products have n·d numbers, so a
    step costs one exact transport and 2nmd operations.
    """
    if not 0 <= strength < np.inf or not 0 <= source_share <= 1 or n_neighbors < 1:
        raise ValueError(
            f"strength = {strength}, source_share = {source_share}, n_neighbors = {n_neighbors}: "
            "expected 0 or more, 0 to 1, 1 or more"
        )
    if (len(xs), len(xt)) != cost.shape:
        raise ValueError(f"{len(xs)} and {len(xt)} rows for a cost of shape {cost.shape}")
    matrix = cost.refined().dense()

    def cheapest(costs: np.ndarray) -> Any:
        found = exact_transport(costs, source_weights=source_weights, target_weights=target_weights)
        return found.plan.matrix

    source, target = xs.astype(np.float64), xt.astype(np.float64)
    terms = (
        (strength * source_share, neighbour_laplacian(source, n_neighbors)),
        (strength * (1 - source_share), neighbour_laplacian(target, n_neighbors)),
    )
    plan = cheapest(matrix)
    value, gradient = _objective(plan, matrix, source, target, terms)
    values, gap, done = [value], np.inf, False
    for _ in range(max_iter):
        corner = cheapest(gradient)
        step = (corner - plan).tocsr()
        slope = _inner(step, gradient)
        gap = max(0.0, -slope)
        if gap <= tolerance * abs(value):
            done = True
            break
        curvature = _quadratic(step, source, target, terms)
        share = 1.0 if curvature <= 0 else min(1.0, -slope / (2 * curvature))
        plan = plan + share * step
        plan.eliminate_zeros()
        value, gradient = _objective(plan, matrix, source, target, terms)
        decrease = values[-1] - value
        values.append(min(value, values[-1]))
        if decrease <= 1e-3 * tolerance * abs(value):
            done = True
            break
    return LaplacianFit(SparsePlan(plan), tuple(values), gap, done)


def _objective(
    plan: Any, matrix: np.ndarray, source: np.ndarray, target: np.ndarray, terms: Any
) -> tuple[float, np.ndarray]:
    """Return the objective and its gradient (n, m)."""
    (first, left), (second, right) = terms
    images, origins = plan @ target, plan.T @ source
    smooth, smooth_back = left @ images, right @ origins
    value = _inner(plan, matrix)
    value += first * float((images * smooth).sum()) + second * float((origins * smooth_back).sum())
    gradient = matrix + (2 * first * smooth) @ target.T
    gradient += source @ (2 * second * smooth_back).T
    return value, gradient


def _quadratic(step: Any, source: np.ndarray, target: np.ndarray, terms: Any) -> float:
    (first, left), (second, right) = terms
    images, origins = step @ target, step.T @ source
    return first * float((images * (left @ images)).sum()) + second * float(
        (origins * (right @ origins)).sum()
    )


def _inner(sparse: Any, dense: np.ndarray) -> float:
    entries = sparse.tocoo()
    return float(entries.data @ dense[entries.coords[0], entries.coords[1]])
