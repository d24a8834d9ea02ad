"""Ridge regression over a path of strengths, every leave-one-out error from one eigenproblem.

Minimises  Σᵢ wᵢ ‖yᵢ − W xᵢ − b‖² + α ‖W‖²  (b is free). With X̃, Ỹ centred by the weighted means
and multiplied by √w, the row i left out has the error  eᵢ = rᵢ / (1 − hᵢ),
hᵢ = wᵢ/Σw + x̃ᵢᵀ (X̃ᵀX̃ + αI)⁻¹ x̃ᵢ  (Allen, 1974, Technometrics 16(1)): exact, not an
approximation. One eigendecomposition of the smaller Gram matrix gives rᵢ and hᵢ for every α.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from ..rows import CentredRows, matmul_setting, product
from .ridge_eigen import RidgeProblem, SolvedRidge, solve_dual, solve_primal

Precision = Literal["auto", "float32", "float64"]

_CHEAP = 4e9  # multiplications below which float64 costs too little to think about
_LARGE = 4e9  # multiplications from which float32 rows are multiplied in float32


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
    alphas : ndarray, shape (s,)
    loo_errors : ndarray, shape (s,)
        Mean over judged rows and outputs of the (weighted) squared leave-one-out error.
    loo_misclassified : ndarray, shape (s,)
        Share of judged rows (by weight) whose largest leave-one-out prediction is not their largest
        target; NaN unless `criterion` asked for it.
    loo_predictions : ndarray, shape (n, k)
        For each row, the prediction of the fit at `strength` without that row.
    precision : str
        "float32", "float64", or "mixed": the eigenproblem in float64, the rows in float32.
    """

    strength: float
    weight: np.ndarray
    bias: np.ndarray
    alphas: np.ndarray
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
    alphas: Sequence[float] | np.ndarray,
    *,
    weights: np.ndarray | None = None,
    eval_mask: np.ndarray | None = None,
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
    alphas : sequence of float
        The α to try, all positive.
    weights : ndarray, shape (n,), optional
        Not negative. Rows of weight 0 take no part, and their "leave-one-out" prediction is the
        ordinary one.
    eval_mask : ndarray of bool, shape (n,), optional
        The rows whose errors choose the strength; all by default. (All are left out in turn.)
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
        Where shapes disagree, a strength is not positive, a value is not finite, or no row is
        judged.

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
    alphas = np.asarray(alphas, dtype=np.float64).ravel()
    if not len(alphas) or not (alphas > 0).all() or not np.isfinite(alphas).all():
        raise ValueError(f"alphas must be positive and finite, got {alphas.tolist()}")
    if criterion not in ("squared_error", "misclassified"):
        raise ValueError(f"unknown criterion {criterion!r}")
    if precision not in ("auto", "float32", "float64"):
        raise ValueError(f"unknown precision {precision!r}")
    with torch.no_grad(), matmul_setting(matmul_precision):
        rows = CentredRows(x, weights, fit_intercept)
        problem = RidgeProblem(
            rows, targets, alphas / rows.scale**2, criterion == "misclassified", eval_mask
        )
        solved: SolvedRidge | None = None
        if rows.n <= rows.d:
            solved = solve_dual(problem)
        elif precision == "float32":
            solved = solve_primal(problem, torch.float32, torch.float32, strict=False)
        elif precision == "auto" and float(rows.n) * rows.d * rows.d > _CHEAP:
            solved = solve_primal(problem, torch.float32, torch.float32, strict=True)
            if solved is None:
                solved = solve_primal(problem, torch.float64, torch.float32, strict=True)
        if solved is None:
            solved = solve_primal(problem, torch.float64, torch.float64, strict=False)
        assert solved is not None  # never strict
        return _finish(problem, solved, alphas, criterion)


def _finish(
    problem: RidgeProblem, solved: SolvedRidge, alphas: np.ndarray, criterion: str
) -> RidgePath:
    rows = problem.rows
    if rows.n == 1 and rows.centre:
        # Without its only row a fit knows nothing: no error tells strengths apart.
        solved.errors[:] = np.nan
        best = int(np.argmax(alphas))
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
    misclassified = solved.misclassified if problem.count_wrong else np.full(len(alphas), np.nan)
    return RidgePath(
        strength=float(alphas[best]),
        weight=weight.T.cpu().numpy().astype(kind),
        bias=bias.cpu().numpy().astype(kind),
        alphas=alphas,
        loo_errors=solved.errors,
        loo_misclassified=misclassified,
        loo_predictions=predictions.cpu().numpy().astype(kind),
        precision=solved.precision,
    )


def ridge_solve(
    x: np.ndarray, targets: np.ndarray, strength: float, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise Σ wᵢ ‖yᵢ − W xᵢ − b‖² + α ‖W‖², b free.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    targets : ndarray, shape (n, k)
    strength : float
        α, positive.
    weights : ndarray, shape (n,), optional
        Not negative.

    Returns
    -------
    weight, bias : ndarray, float64 (k, d) and (k,)

    Examples
    --------
    >>> w, b = ridge_solve(np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]]), 1e-9)
    >>> w.round(6).tolist(), b.round(6).tolist()
    ([[2.0]], [1.0])
    """
    if not 0 < strength < float("inf"):
        raise ValueError(f"strength must be positive and finite, got {strength}")
    with torch.no_grad(), matmul_setting():
        rows = CentredRows(x, weights, True)
        y = torch.from_numpy(np.asarray(targets, dtype=np.float64))
        y = y if rows.used is None else y[rows.used]
        root = torch.ones(rows.n, 1, dtype=torch.float64) if rows.root is None else rows.root
        offset = (root**2 * y).sum(0) / rows.total
        y = (y - offset) * root
        alpha = strength / rows.scale**2
        if rows.n <= rows.d:
            kernel = rows.kernel()
            kernel.diagonal().add_(alpha)
            dual = torch.cholesky_solve(y, torch.linalg.cholesky(kernel))
            weight = torch.zeros(rows.d, y.shape[1], dtype=torch.float64)
            for part in rows.slices():
                weight += product(rows.block(part, torch.float64).T, dual[part])
        else:
            short = rows.x.dtype != torch.float64 and float(rows.n) * rows.d**2 > _LARGE
            gram, moment = rows.gram(torch.float32 if short else torch.float64, lambda p: y[p])
            gram = gram.double()
            # Rounding of float32 products must not make it indefinite.
            least = 1e-6 * float(gram.diagonal().max()) if short else 0.0
            gram.diagonal().add_(max(alpha, least))
            weight = torch.cholesky_solve(moment, torch.linalg.cholesky(gram))
        weight = weight / rows.scale
        return weight.T.numpy(), (offset - rows.mean @ weight).numpy()
