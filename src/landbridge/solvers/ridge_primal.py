"""Ridge where there are more rows than columns: the eigenproblem of X̃ᵀX̃; see `ridge`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .ridge_problem import RidgeProblem, SolvedRidge, positive
from .rows import eigen, product


def solve_primal(
    problem: RidgeProblem, dtype: torch.dtype, applied: torch.dtype, strict: bool
) -> SolvedRidge | None:
    """Solve X̃ᵀX̃ in `dtype`, multiply the rows in `applied`; where `strict`, None if too short."""
    rows, alpha = problem.rows, problem.alpha
    gram, moment = rows.gram(dtype, problem.centred)
    values, vectors = eigen(gram)
    values = values.double().clamp_(min=0)
    if strict and dtype == torch.float32:
        # Rounding moves each eigenvalue by about this; that must not matter beside α.
        noise = 4 * torch.finfo(dtype).eps * float(values[-1])
        if noise > 0.1 * (float(values[min(rows.constant, rows.d - 1)]) + float(alpha.min())):
            return None
    elif strict and float(values[-1]) > 1e8 * rows.n * float(alpha.min()):
        return None  # even exact eigenvectors: rows multiplied in float32 are off by 1e-7 ‖x‖
    wide = vectors.double()
    path = _Path(
        problem, gram, wide, 1 / (values[:, None] + alpha), product(wide.T, moment), moment
    )
    judged = _left_out(path, applied, strict)
    if judged is None:
        return None
    errors, wrong, leverage = judged

    def fit(j: int) -> tuple[torch.Tensor, torch.Tensor]:
        return path.fit(j, leverage[:, j : j + 1], dtype, applied)

    name = "mixed" if dtype != applied else str(dtype).removeprefix("torch.")
    return SolvedRidge(errors / (problem.n_judged * problem.y.shape[1]), wrong, name, fit)


@dataclass(frozen=True)
class _Path:
    """The eigenproblem and what follows from it for every strength."""

    problem: RidgeProblem
    gram: torch.Tensor
    vectors: torch.Tensor
    """float64 (d, d)."""
    shrink: torch.Tensor
    """1 / (λ + α), (d, s)."""
    rotated: torch.Tensor
    """vectorsᵀ X̃ᵀỸ, (d, k)."""
    moment: torch.Tensor

    def weights(self) -> torch.Tensor:
        """Return the weights at all strengths, side by side (d, s k)."""
        every = self.shrink[:, :, None] * self.rotated[:, None, :]
        return product(self.vectors, every.reshape(len(every), -1))

    def solve(self, j: int, right: torch.Tensor) -> torch.Tensor:
        """Return (X̃ᵀX̃ + αI)⁻¹ right."""
        return product(self.vectors, self.shrink[:, j, None] * product(self.vectors.T, right))

    def fit(
        self, j: int, leverage: torch.Tensor, dtype: torch.dtype, applied: torch.dtype
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the refined weight (d, k) and the leave-one-out predictions (n, k)."""
        problem, rows, alpha = self.problem, self.problem.rows, self.problem.alpha[j]
        weight = self.solve(j, self.moment)
        if dtype != torch.float64:
            # The eigenvectors are short of digits; what they came from has some more. That costs
            # nothing, and leaves less to do for what follows.
            wide = self.gram.double()
            for _ in range(2):
                weight += self.solve(j, self.moment - product(wide, weight) - alpha * weight)
        for _ in range(0 if dtype == torch.float64 else 3):
            # Refine: the residual in float64 from the data, solved with what is at hand. Each
            # step leaves about the square of its own relative size.
            gradient = -alpha * weight
            for part in rows.slices():
                block = rows.block(part, torch.float64)
                residual = problem.centred(part) - product(block, weight)
                gradient += product(residual.T, block).T
            step = self.solve(j, gradient)
            weight += step
            if float(step.norm()) <= 1e-4 * float(weight.norm()):
                break
        predictions = torch.empty_like(problem.y)
        short = weight.to(applied)
        for part in rows.slices():
            residual = problem.centred(part) - product(rows.block(part, applied), short)
            left_out = residual / positive(1 - leverage[part].double())
            predictions[part] = problem.y[part] - left_out / problem.root[part]
        return weight, predictions


def _left_out(
    path: _Path, applied: torch.dtype, strict: bool
) -> tuple[np.ndarray, np.ndarray, torch.Tensor] | None:
    """Return the squared errors and wrong shares (s,), and hᵢ (n, s); None if too short.

    One product for each block of rows, [x̃ | ỹ] [V, W; 0, −I ... −I], gives the rows turned into
    the eigenvectors' axes and the residuals (with the other sign) for all strengths.
    """
    problem, rows = path.problem, path.problem.rows
    d, (k, s) = rows.d, (path.moment.shape[1], path.shrink.shape[1])
    both = torch.zeros(d + k, d + s * k, dtype=applied, device=rows.device)
    both[:d, :d] = path.vectors
    both[:d, d:] = path.weights()
    both[d:, d:] = -torch.eye(k, dtype=applied, device=rows.device).repeat(1, s)
    outputs = torch.eye(s, dtype=applied, device=rows.device).repeat_interleave(k, dim=0)
    shrink = path.shrink.to(applied)
    leverage = torch.empty(rows.n, s, dtype=applied, device=rows.device)
    errors, wrong = torch.zeros(s, dtype=torch.float64, device=rows.device), np.zeros(s)
    for part in rows.slices():
        joined = torch.cat([rows.block(part, applied), problem.centred(part).to(applied)], dim=1)
        turned = product(joined, both)
        residual, projected = turned[:, d:], turned[:, :d]
        held = product(projected.square_(), shrink)
        if rows.centre:
            held += problem.share[part]
        if strict and float(held.max()) > 1 - 1e-4:
            return None
        leverage[part] = held
        kept = positive(1 - held)
        if problem.count_wrong:
            wrong += [
                problem.wrong(-residual[:, j * k : (j + 1) * k] / kept[:, j, None], part)
                for j in range(s)
            ]
        squared = product(residual.square_(), outputs).double() / kept.double().square_()
        errors += (problem.judged[part] * squared).sum(0)
    return errors.cpu().numpy(), wrong, leverage
