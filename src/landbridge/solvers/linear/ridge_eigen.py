"""The eigenproblems behind `ridge`: of X̃X̃ᵀ where n ≤ d, else of X̃ᵀX̃."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ...inference.tensors import as_tensor
from ..rows import CentredRows, eigen, product


@dataclass(frozen=True)
class SolvedRidge:
    """What the eigenproblem gave: errors per strength, and the fit at a strength.

    Attributes
    ----------
    errors, misclassified : ndarray, shape (s,)
    precision : str
        "float32", "float64" or "mixed".
    fit : callable
        strength's index -> weight (d, k) of the scaled rows, leave-one-out predictions (n, k).
    """

    errors: np.ndarray
    misclassified: np.ndarray
    precision: str
    fit: Callable[[int], tuple[torch.Tensor, torch.Tensor]]


class RidgeProblem:
    """Centred rows, centred targets, and the strengths in units of the scaled rows."""

    def __init__(
        self,
        rows: CentredRows,
        targets: Any,
        alphas: np.ndarray,
        count_wrong: bool,
        eval_mask: np.ndarray | None = None,
    ) -> None:
        y = as_tensor(targets).to(rows.device, torch.float64)
        if y.ndim != 2 or len(y) != len(rows.x):
            raise ValueError(f"targets have shape {tuple(y.shape)}, expected ({len(rows.x)}, k)")
        if not bool(y.isfinite().all()):
            raise ValueError("targets hold values that are not finite (NaN or infinite)")
        self.rows = rows
        self.y = y if rows.used is None else y[rows.used]
        weight = torch.ones_like(self.y[:, :1]) if rows.root is None else rows.root**2
        self.share = weight / rows.total  # what the intercept adds to each hᵢ
        self.offset = (self.share * self.y).sum(0) if rows.centre else torch.zeros_like(y[0])
        self.root = weight.sqrt()
        self.alpha = torch.as_tensor(alphas, device=rows.device)
        self.count_wrong = count_wrong
        asked = torch.ones(len(rows.x), dtype=torch.float64)
        if eval_mask is not None:
            if np.shape(eval_mask) != (len(rows.x),):
                raise ValueError(
                    f"judged has shape {np.shape(eval_mask)}, expected {(len(rows.x),)}"
                )
            asked = torch.from_numpy(np.asarray(eval_mask, dtype=np.float64))
        asked = asked.to(rows.device) if rows.used is None else asked.to(rows.device)[rows.used]
        if not bool((asked > 0).any()):
            raise ValueError("no row of weight above 0 is judged")
        self.eval_mask = asked[:, None]
        self.n_eval = int(asked.sum())
        self.eval_share = self.share * self.eval_mask
        self.eval_share /= self.eval_share.sum()

    def centred(self, part: slice) -> torch.Tensor:
        """Return √w (y − mean)."""
        return (self.y[part] - self.offset) * self.root[part]

    def wrong(self, error: torch.Tensor, part: slice) -> float:
        """Return the weight of rows whose prediction y − e / √w does not give their class."""
        predicted = self.y[part] - error / self.root[part]
        if self.y.shape[1] == 1:
            miss = (predicted[:, 0] > 0) != (self.y[part, 0] > 0)
        else:
            miss = predicted.argmax(1) != self.y[part].argmax(1)
        return float(self.eval_share[part, 0][miss].sum())


def positive(values: torch.Tensor) -> torch.Tensor:
    """Keep a denominator off 0, where rounding took it there (a row that no other supports)."""
    return values.clamp_(min=torch.finfo(values.dtype).eps)


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
        errors[j] = float((problem.eval_mask * error.square()).sum())
        if problem.count_wrong:
            wrong[j] = problem.wrong(error, slice(None))
    return SolvedRidge(errors / (problem.n_eval * problem.y.shape[1]), wrong, "float64", fit)


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
    eval_mask = _left_out(path, applied, strict)
    if eval_mask is None:
        return None
    errors, wrong, leverage = eval_mask

    def fit(j: int) -> tuple[torch.Tensor, torch.Tensor]:
        return path.fit(j, leverage[:, j : j + 1], dtype, applied)

    name = "mixed" if dtype != applied else str(dtype).removeprefix("torch.")
    return SolvedRidge(errors / (problem.n_eval * problem.y.shape[1]), wrong, name, fit)


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
        errors += (problem.eval_mask[part] * squared).sum(0)
    return errors.cpu().numpy(), wrong, leverage
