"""Multinomial logistic regression over a path of strengths, and the choice among them.

Minimises  Σᵢ wᵢ ℓ(yᵢ, W xᵢ + b) + ½ α ‖W‖²  (b is free; ℓ the log-loss of the softmax; with two
classes that of one sigmoid, so ‖W‖ is that of one row). scikit-learn's C is 1 / α.

One eigendecomposition of the rows' second moments serves all strengths and folds: in its axes,
and in units of the root of eigenvalue × p (1 − p) + α, the curvature is near 1 everywhere, and
L-BFGS needs few steps. Strengths are solved from the strongest to the weakest, each from the
solution before; all folds share every pass over the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from ..rows import matmul_setting
from .logistic_problem import LogisticProblem, State, checked_alphas

Criterion = Literal["accuracy", "log_loss"]


@dataclass(frozen=True)
class LogisticFit:
    """Logistic regressions at one or more strengths.

    Attributes
    ----------
    alphas : ndarray (s,)
        α as they were given.
    weights : ndarray (s, k, d)
        k is the number of classes, or 1 where that is 2.
    biases : ndarray (s, k)
    objectives : ndarray (s,)
        The minimum that was reached.
    iterations : ndarray of int (s,)
    converged : ndarray of bool (s,)
    """

    alphas: np.ndarray
    weights: np.ndarray
    biases: np.ndarray
    objectives: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray


@dataclass(frozen=True)
class LogisticChoice:
    """The strength that cross-validation chose, and the fit to all rows at it.

    Attributes
    ----------
    strength : float
    fit : LogisticFit
        One strength.
    alphas : ndarray (s,)
    accuracy, log_loss : ndarray (s,)
        Of judged rows left out, each row the same.
    scores : ndarray (n, k)
        Scores of judged rows left out, at the strength chosen; NaN for rows never judged.
    iterations : int
        All together.
    """

    strength: float
    fit: LogisticFit
    alphas: np.ndarray
    accuracy: np.ndarray
    log_loss: np.ndarray
    scores: np.ndarray
    iterations: int


def logistic_path(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    alphas: Sequence[float] | np.ndarray,
    *,
    weights: np.ndarray | None = None,
    offsets: np.ndarray | None = None,
    fit_intercept: bool = True,
    tolerance: float = 1e-6,
    max_iter: int = 500,
) -> LogisticFit:
    """Fit logistic regression at each strength.

    Parameters
    ----------
    x : ndarray, shape (n, d)
        float32 (or shorter) rows are multiplied in float32, others in float64. Not changed.
    labels : ndarray of int, shape (n,)
        From 0 to n_classes − 1. A class without rows gets weight 0 and a bias that puts it below
        1 / (n + 1) of the probability on every row (with an intercept; without, the minimum is
        where the penalty and the rows of other classes say).
    n_classes : int
    alphas : sequence of float
        α, all positive.
    weights : ndarray, shape (n,), optional
        Not negative.
    offsets : ndarray, shape (n, k), optional
        Scores that are there before W x + b is added: with those of another linear classifier
        the penalty is on the distance from its weights.
    fit_intercept : bool
    tolerance : float
        Stop where the objective can fall by no more than this share of itself. 1e-6 suits
        float32; use 1e-12 to compare coefficients in float64.
    max_iter : int
        At each strength.

    Returns
    -------
    LogisticFit

    Raises
    ------
    ValueError
        Where shapes disagree, a strength is not positive, a label is not below `n_classes`, or a
        value is not finite.

    Notes
    -----
    Where d ≥ n the problem is solved in the space that the rows span: n³ + n² d operations. Else
    n d² + d³ once, and 4 n d k + 4 d² k for each step. Memory: one copy of the rows,
    n × min(n, d).

    Examples
    --------
    >>> x = np.array([[-2.0], [-1.0], [0.5], [-0.5], [1.0], [2.0]])
    >>> fit = logistic_path(x, np.array([0, 0, 0, 1, 1, 1]), 2, [1.0])
    >>> fit.weights.round(3).tolist(), bool(abs(fit.biases) < 1e-3)
    ([[[0.76]]], True)
    """
    with torch.no_grad(), matmul_setting():
        problem = LogisticProblem(
            x, labels, n_classes, weights, offsets, fit_intercept, tolerance, max_iter
        )
        alphas = checked_alphas(alphas)
        loss = problem.loss(problem.row_weights[None])
        at = problem.start(loss)
        found: list[tuple[np.ndarray, np.ndarray, float, int, bool] | None] = [None] * len(alphas)
        for j in np.argsort(-alphas, kind="stable"):
            at = problem.solve(loss, alphas[[j]], at)
            found[j] = (
                *problem.finish(loss, at), float(at.value[0]), at.steps, bool(at.converged.all())
            )  # fmt: skip
        columns = [np.stack([np.asarray(f[i]) for f in found if f is not None]) for i in range(5)]
        return LogisticFit(alphas, *columns)


def logistic_cv(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    alphas: Sequence[float] | np.ndarray,
    folds: np.ndarray,
    *,
    criterion: Criterion = "accuracy",
    weights: np.ndarray | None = None,
    offsets: np.ndarray | None = None,
    fit_intercept: bool = True,
    tolerance: float = 1e-6,
    max_iter: int = 500,
) -> LogisticChoice:
    """Fit logistic regression with the strength that does best on rows left out.

    Parameters
    ----------
    x, labels, n_classes, alphas, weights, offsets, fit_intercept, tolerance, max_iter
        As in `logistic_path`.
    folds : ndarray of int, shape (n,)
        The fold that each row is left out in (`stratified_folds` makes some); −1 for a row that
        all fits see and that is never judged, as a source row is.
    criterion : {"accuracy", "log_loss"}
        Ties go to the stronger.

    Returns
    -------
    LogisticChoice

    Raises
    ------
    ValueError
        As `logistic_path`; and where no row is judged, or a fold leaves no row to fit on.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1, 2], 20)
    >>> x = rng.normal(size=(60, 4)) + 4 * np.eye(4)[labels]
    >>> choice = logistic_cv(x, labels, 3, [0.1, 1.0, 1e4], np.arange(60) % 5)
    >>> bool(choice.accuracy.max() > 0.95), choice.scores.shape
    (True, (60, 3))
    """
    if criterion not in ("accuracy", "log_loss"):
        raise ValueError(f"unknown criterion {criterion!r}")
    with torch.no_grad(), matmul_setting():
        problem = LogisticProblem(
            x, labels, n_classes, weights, offsets, fit_intercept, tolerance, max_iter
        )
        alphas = checked_alphas(alphas)
        folds = np.asarray(folds)
        if folds.shape != problem.labels.shape:
            raise ValueError(f"folds have shape {folds.shape}, expected {problem.labels.shape}")
        names = np.unique(folds[folds >= 0])
        if not len(names):
            raise ValueError("no row is in a fold, so there is nothing to judge by")
        kept = problem.row_weights * (folds[None] != names[:, None])
        if not (kept.sum(1) > 0).all():
            raise ValueError("a fold holds every row: there is nothing left to fit on")
        loss = problem.loss(kept)
        at = problem.start(loss)
        right, lost = np.zeros(len(alphas)), np.zeros(len(alphas))
        order, eval_mask = np.argsort(-alphas, kind="stable"), folds >= 0
        ends, steps = problem.path(loss, alphas[order], at)
        best = np.inf
        for j, at in zip(order, ends, strict=True):
            scores = problem.left_out(loss, at, folds, names)
            right[j], lost[j] = _figures(scores[eval_mask], problem.labels[eval_mask])
            worse = -right[j] if criterion == "accuracy" else lost[j]
            if worse < best:
                best, chosen, held = worse, j, scores
                near = State.at(at.weight.mean(0)[None], at.bias.mean(0)[None])
        whole = problem.loss(problem.row_weights[None])
        at = problem.solve(whole, alphas[[chosen]], near)
        weight, bias = problem.finish(whole, at)
        fit = LogisticFit(
            alphas[[chosen]], weight[None], bias[None], at.value.copy(),
            np.array([at.steps]), at.converged.copy(),
        )  # fmt: skip
        kind = np.float64 if problem.design.dtype == torch.float64 else np.float32
        return LogisticChoice(
            float(alphas[chosen]), fit, alphas, right, lost, held.astype(kind), steps + at.steps
        )


def _figures(scores: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return accuracy and mean log-loss."""
    if scores.shape[1] == 1:
        scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
    top = scores.max(1, keepdims=True)
    total = np.log(np.exp(scores - top).sum(1)) + top[:, 0]
    rows = np.arange(len(labels))
    return float((scores.argmax(1) == labels).mean()), float((total - scores[rows, labels]).mean())
