"""Ridge regression over a path of strengths, every leave-one-out error from one eigenproblem.

Minimises  Σᵢ wᵢ ‖yᵢ − W xᵢ − b‖² + α ‖W‖²  (b is free). With X̃, Ỹ centred by the weighted means
and multiplied by √w, the row i left out has the error  eᵢ = rᵢ / (1 − hᵢ),
hᵢ = wᵢ/Σw + x̃ᵢᵀ (X̃ᵀX̃ + αI)⁻¹ x̃ᵢ  (Allen, 1974, Technometrics 16(1)): exact, not an
approximation. One eigendecomposition of the smaller Gram matrix gives rᵢ and hᵢ for every α.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch

from .rows import CentredRows, as_tensor, matmul_setting

Precision = Literal["auto", "float32", "float64"]

_CHEAP = 4e9  # multiplications below which float64 costs too little to think about


@dataclass(frozen=True)
class RidgePath:
    """A ridge regression and the leave-one-out errors it was chosen by.

    Attributes
    ----------
    strength : float
        The α chosen.
    weight : ndarray, shape (k, d)
        float32 for float32 (or shorter) inputs, else float64.
    bias : ndarray, shape (k,)
    strengths : ndarray, shape (s,)
    loo_errors : ndarray, shape (s,)
        Mean over rows and outputs of the (weighted) squared leave-one-out error.
    loo_misclassified : ndarray, shape (s,)
        Share of rows (by weight) whose largest leave-one-out prediction is not their largest
        target; NaN unless `criterion` asked for it.
    loo_predictions : ndarray, shape (n, k)
        For each row, the prediction of the fit at `strength` without that row.
    precision : str
        "float32", "float64", or "mixed": the eigenproblem in float64, the rows in float32.
    """

    strength: float
    weight: np.ndarray
    bias: np.ndarray
    strengths: np.ndarray
    loo_errors: np.ndarray
    loo_misclassified: np.ndarray
    loo_predictions: np.ndarray
    precision: str


def one_vs_rest(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return targets +1 for the class and −1 for all others, float32 (n, n_classes).

    Examples
    --------
    >>> one_vs_rest(np.array([0, 2]), 3).tolist()
    [[1.0, -1.0, -1.0], [-1.0, -1.0, 1.0]]
    """
    targets = np.full((len(labels), n_classes), -1, dtype=np.float32)
    targets[np.arange(len(labels)), labels] = 1
    return targets


def ridge_loo(
    x: np.ndarray | torch.Tensor,
    targets: np.ndarray | torch.Tensor,
    strengths: Sequence[float] | np.ndarray,
    *,
    weights: np.ndarray | None = None,
    fit_intercept: bool = True,
    criterion: Literal["squared_error", "misclassified"] = "squared_error",
    precision: Precision = "auto",
    matmul_precision: Literal["highest", "high", "medium"] | None = None,
) -> RidgePath:
    """Fit ridge regression with the strength that has the least leave-one-out error.

    Parameters
    ----------
    x : array, shape (n, d)
        Any float type, on any device. Not copied whole and not changed.
    targets : array, shape (n, k)
        Real values, or `one_vs_rest` labels.
    strengths : sequence of float
        The α to try, all positive.
    weights : ndarray, shape (n,), optional
        Not negative. Rows of weight 0 take no part, and their "leave-one-out" prediction is the
        ordinary one.
    fit_intercept : bool
        Whether b is fitted (without penalty) or 0.
    criterion : {"squared_error", "misclassified"}
        What chooses the strength. Mean squared error is what scikit-learn's RidgeClassifierCV
        chooses by; misclassification breaks its ties by squared error.
    precision : {"auto", "float32", "float64"}
        "auto" takes float64 where that is cheap and where d ≥ n (the fit interpolates, so errors
        are small differences); else float32, or where that turns out unable to tell the smallest
        strengths from rounding, "mixed", and where that is too short, float64. A fit found in
        float32 is refined in float64.
    matmul_precision : {"highest", "high", "medium"}, optional
        torch's setting for float32 products while this runs; left as it is by default.

    Returns
    -------
    RidgePath

    Raises
    ------
    ValueError
        Where shapes disagree, a strength is not positive, or a value is not finite.

    Notes
    -----
    n·d² + d³ operations for n > d, n²·d + n³ otherwise; memory d² (n²) and a block of rows.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> path = ridge_loo(x, 2 * x + 1, [1e-6, 1.0, 100.0])
    >>> path.strength, path.weight.round(3).tolist(), path.bias.round(3).tolist()
    (1e-06, [[2.0]], [1.0])
    """
    alphas = np.asarray(strengths, dtype=np.float64).ravel()
    if not len(alphas) or not (alphas > 0).all() or not np.isfinite(alphas).all():
        raise ValueError(f"strengths must be positive and finite, got {alphas.tolist()}")
    if criterion not in ("squared_error", "misclassified"):
        raise ValueError(f"unknown criterion {criterion!r}")
    if precision not in ("auto", "float32", "float64"):
        raise ValueError(f"unknown precision {precision!r}")
    with torch.no_grad(), matmul_setting(matmul_precision):
        rows = CentredRows(x, weights, fit_intercept)
        problem = _Problem(rows, targets, alphas / rows.scale**2, criterion == "misclassified")
        solved: _Solved | None = None
        if rows.n <= rows.d:
            solved = _dual(problem)
        elif precision == "float32":
            solved = _primal(problem, torch.float32, torch.float32, strict=False)
        elif precision == "auto" and float(rows.n) * rows.d * rows.d > _CHEAP:
            solved = _primal(problem, torch.float32, torch.float32, strict=True)
            if solved is None:
                solved = _primal(problem, torch.float64, torch.float32, strict=True)
        if solved is None:
            solved = _primal(problem, torch.float64, torch.float64, strict=False)
        assert solved is not None  # never strict
        return _finish(problem, solved, alphas, criterion)


@dataclass(frozen=True)
class _Solved:
    """What the eigenproblem gave: errors per strength, and the fit at a strength."""

    errors: np.ndarray
    misclassified: np.ndarray
    precision: str
    fit: Callable[[int], tuple[torch.Tensor, torch.Tensor]]
    """strength's index -> weight (d, k) of the scaled rows, leave-one-out predictions (n, k)."""


class _Problem:
    """Centred rows, centred targets, and the strengths in units of the scaled rows."""

    def __init__(
        self, rows: CentredRows, targets: Any, alphas: np.ndarray, count_wrong: bool
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
        return float(self.share[part, 0][miss].sum())


def _primal(
    problem: _Problem, dtype: torch.dtype, applied: torch.dtype, strict: bool
) -> _Solved | None:
    """Solve X̃ᵀX̃ in `dtype`, multiply the rows in `applied`; where `strict`, None if too short."""
    rows, alpha = problem.rows, problem.alpha
    gram, moment = rows.gram(dtype, problem.centred)
    values, vectors = torch.linalg.eigh(gram)
    values = values.double().clamp_(min=0)
    if strict and dtype == torch.float32:
        # Rounding moves each eigenvalue by about this; that must not matter beside α.
        noise = 4 * torch.finfo(dtype).eps * float(values[-1])
        if noise > 0.1 * (float(values[min(rows.constant, rows.d - 1)]) + float(alpha.min())):
            return None
    elif strict and float(values[-1]) > 1e8 * rows.n * float(alpha.min()):
        return None  # even exact eigenvectors: rows multiplied in float32 are off by 1e-7 ‖x‖
    shrink = 1 / (values[:, None] + alpha)  # (d, s)
    rotated = vectors.T.double() @ moment
    k, s = moment.shape[1], len(alpha)
    every = (shrink[:, :, None] * rotated[:, None, :]).reshape(rows.d, s * k).to(applied)
    basis = vectors.to(applied)
    leverage = torch.empty(rows.n, s, dtype=applied, device=rows.device)
    errors, wrong = np.zeros(s), np.zeros(s)
    for part in rows.slices():
        projected = rows.block(part, applied) @ basis
        residual = problem.centred(part)[:, None, :] - (projected @ every).reshape(-1, s, k)
        held = projected.square_() @ shrink.to(applied)
        if rows.centre:
            held += problem.share[part]
        if strict and float(held.max()) > 1 - 1e-4:
            return None
        leverage[part] = held
        left_out = residual / _positive(1 - held)[:, :, None]
        if problem.count_wrong:
            wrong += [problem.wrong(left_out[:, j], part) for j in range(s)]
        errors += left_out.square_().sum((0, 2)).cpu().numpy()

    def fit(j: int) -> tuple[torch.Tensor, torch.Tensor]:
        wide = vectors.double()
        weight = wide @ (shrink[:, j, None] * rotated)
        for _ in range(0 if dtype == torch.float64 else 3):
            # Refine: the residual in float64 from the data, solved with what is at hand. Each
            # step leaves about the square of its own relative size.
            gradient = -alpha[j] * weight
            for part in rows.slices():
                block = rows.block(part, torch.float64)
                gradient += block.T @ (problem.centred(part) - block @ weight)
            step = wide @ (shrink[:, j, None] * (wide.T @ gradient))
            weight += step
            if float(step.norm()) <= 1e-4 * float(weight.norm()):
                break
        predictions = torch.empty_like(problem.y)
        for part in rows.slices():
            residual = problem.centred(part) - rows.block(part, applied) @ weight.to(applied)
            left_out = residual / _positive(1 - leverage[part, j, None].double())
            predictions[part] = problem.y[part] - left_out / problem.root[part]
        return weight, predictions

    name = "mixed" if dtype != applied else str(dtype).removeprefix("torch.")
    return _Solved(errors / problem.y.numel(), wrong, name, fit)


def _dual(problem: _Problem) -> _Solved:
    """Solve through X̃X̃ᵀ, in float64: 1 − hᵢ = α Σⱼ Uᵢⱼ² / (λⱼ + α) is a sum without cancelling."""
    rows, alpha = problem.rows, problem.alpha
    kernel = rows.kernel()
    if rows.centre:
        # √w is an eigenvector of value 0, and the free intercept takes it out of the problem.
        # Lifted above all others it is the last, and does not mix with other zeros.
        axis = problem.root / problem.root.norm()
        kernel += (2 * float(kernel.norm()) + 1) * (axis @ axis.T)
    values, vectors = torch.linalg.eigh(kernel)
    if rows.centre:
        values, vectors = values[:-1], vectors[:, :-1]
    values = values.clamp_(min=0)
    centred = problem.centred(slice(None))
    rotated, squared = vectors.T @ centred, vectors**2
    shrink = 1 / (values[:, None] + alpha)

    def left_out(j: int) -> torch.Tensor:
        residual = vectors @ (shrink[:, j, None] * rotated)
        return residual / _positive(squared @ shrink[:, j, None])

    def fit(j: int) -> tuple[torch.Tensor, torch.Tensor]:
        dual = vectors @ (shrink[:, j, None] * rotated)
        weight = torch.zeros(rows.d, dual.shape[1], dtype=torch.float64, device=rows.device)
        for part in rows.slices():
            weight += rows.block(part, torch.float64).T @ dual[part]
        return weight, problem.y - left_out(j) / problem.root

    errors, wrong = np.zeros(len(alpha)), np.zeros(len(alpha))
    for j in range(len(alpha)):
        error = left_out(j)
        errors[j] = float(error.square().mean())
        if problem.count_wrong:
            wrong[j] = problem.wrong(error, slice(None))
    return _Solved(errors, wrong, "float64", fit)


def _finish(problem: _Problem, solved: _Solved, strengths: np.ndarray, criterion: str) -> RidgePath:
    rows = problem.rows
    if rows.n == 1 and rows.centre:
        # Without its only row a fit knows nothing: no error tells strengths apart.
        solved.errors[:] = np.nan
        best = int(np.argmax(strengths))
    elif criterion == "misclassified":
        best = int(np.lexsort((solved.errors, solved.misclassified.round(12)))[0])
    else:
        best = int(np.argmin(solved.errors))
    weight, used = solved.fit(best)
    weight = weight / rows.scale
    bias = problem.offset - rows.mean @ weight
    if rows.used is None:
        predictions = used
    else:
        predictions = torch.empty(len(rows.x), used.shape[1], dtype=used.dtype, device=used.device)
        predictions[:] = rows.x.to(torch.float64) @ weight + bias
        predictions[rows.used] = used
    if rows.n == 1 and rows.centre:
        predictions[slice(None) if rows.used is None else rows.used] = 0
    kind = np.float64 if rows.x.dtype == torch.float64 else np.float32
    misclassified = solved.misclassified if problem.count_wrong else np.full(len(strengths), np.nan)
    return RidgePath(
        strength=float(strengths[best]),
        weight=weight.T.cpu().numpy().astype(kind),
        bias=bias.cpu().numpy().astype(kind),
        strengths=strengths,
        loo_errors=solved.errors,
        loo_misclassified=misclassified,
        loo_predictions=predictions.cpu().numpy().astype(kind),
        precision=solved.precision,
    )


def _positive(values: torch.Tensor) -> torch.Tensor:
    """Keep a denominator off 0, where rounding took it there (a row that no other supports)."""
    return values.clamp_(min=torch.finfo(values.dtype).eps)
