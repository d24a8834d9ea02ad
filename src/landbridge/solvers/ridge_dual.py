"""Ridge where there are no more rows than columns: the eigenproblem of X̃X̃ᵀ; see `ridge`."""

from __future__ import annotations

import numpy as np
import torch

from .ridge_problem import RidgeProblem, SolvedRidge, positive
from .rows import eigen


def solve_dual(problem: RidgeProblem) -> SolvedRidge:
    """Solve through X̃X̃ᵀ, in float64: 1 − hᵢ = α Σⱼ Uᵢⱼ² / (λⱼ + α) is a sum without cancelling."""
    rows, alpha = problem.rows, problem.alpha
    kernel = rows.kernel()
    if rows.centre:
        # √w is an eigenvector of value 0, and the free intercept takes it out of the problem.
        # Lifted above all others it is the last, and does not mix with other zeros.
        axis = problem.root / problem.root.norm()
        kernel += (2 * float(kernel.norm()) + 1) * (axis @ axis.T)
    values, vectors = eigen(kernel)
    if rows.centre:
        values, vectors = values[:-1], vectors[:, :-1]
    values = values.clamp_(min=0)
    centred = problem.centred(slice(None))
    rotated, squared = vectors.T @ centred, vectors**2
    shrink = 1 / (values[:, None] + alpha)

    def left_out(j: int) -> torch.Tensor:
        residual = vectors @ (shrink[:, j, None] * rotated)
        return residual / positive(squared @ shrink[:, j, None])

    def fit(j: int) -> tuple[torch.Tensor, torch.Tensor]:
        dual = vectors @ (shrink[:, j, None] * rotated)
        weight = torch.zeros(rows.d, dual.shape[1], dtype=torch.float64, device=rows.device)
        for part in rows.slices():
            weight += rows.block(part, torch.float64).T @ dual[part]
        return weight, problem.y - left_out(j) / problem.root

    errors, wrong = np.zeros(len(alpha)), np.zeros(len(alpha))
    for j in range(len(alpha)):
        error = left_out(j)
        errors[j] = float((problem.judged * error.square()).sum())
        if problem.count_wrong:
            wrong[j] = problem.wrong(error, slice(None))
    return SolvedRidge(errors / (problem.n_judged * problem.y.shape[1]), wrong, "float64", fit)
