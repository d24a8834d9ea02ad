"""Linear models that stay near another one: the penalty is on the distance from its weights.

With a few target labels: minimise  Σ loss + α ‖W − γ W₀‖²  where W₀ is the source's model (Li &
Bilmes, 2007, AISTATS; Tommasi, Orabona & Caputo, 2010, CVPR). How near (α), and how much of the
source to start from (γ), are chosen by target rows left out, so that γ = 0, the target alone, is
one of the answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..folds import stratified_folds
from ..rows import with_ones
from .logistic import logistic_cv, logistic_path
from .ridge import ridge_loo


@dataclass(frozen=True)
class BiasedFit:
    """A linear model near another one.

    Attributes
    ----------
    weight, bias : ndarray, shapes (k, d) and (k,)
    strength, trust : float
        α and γ chosen.
    errors : ndarray, shape (trusts, s)
        What they were chosen by: the squared error (ridge), the log-loss (logistic) of rows left
        out; NaN where no row could be.
    left_out : ndarray, shape (n, k)
        Each row's scores by the fit without it; NaN where there is none.
    """

    weight: np.ndarray
    bias: np.ndarray
    strength: float
    trust: float
    errors: np.ndarray
    left_out: np.ndarray


def biased_ridge(
    x: np.ndarray,
    targets: np.ndarray,
    prior_weight: np.ndarray,
    prior_bias: np.ndarray,
    alphas: Sequence[float],
    *,
    trusts: Sequence[float] = (1.0,),
    weights: np.ndarray | None = None,
    free_intercept: bool = True,
) -> BiasedFit:
    """Minimise Σ wᵢ ‖yᵢ − W xᵢ − b‖² + α ‖W − γ W₀‖², α and γ by exact leave-one-out.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    targets : ndarray, shape (n, k)
    prior_weight, prior_bias : ndarray, shapes (k, d) and (k,)
        W₀ and its intercept b₀.
    alphas, trusts : sequence of float
        The α (positive) and γ to choose from.
    weights : ndarray, shape (n,), optional
    free_intercept : bool
        True: b is fitted without penalty. False: α (b − γ b₀)² is added, so that a class that no
        row has keeps what the source knows of it.

    Returns
    -------
    BiasedFit
        For one row, which nothing can judge: the largest α and the largest γ.

    Raises
    ------
    ValueError
        As `ridge_loo`; and where the source's model does not fit x and targets.

    Notes
    -----
    With W = γ W₀ + D this is ordinary ridge regression of y − γ (W₀ x + b₀) on x.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> fit = biased_ridge(x, 2 * x + 5, np.array([[2.0]]), np.zeros(1), [1.0, 1e6])
    >>> fit.weight.round(6).tolist(), fit.bias.round(6).tolist(), fit.trust
    ([[2.0]], [5.0], 1.0)
    """
    x, targets = np.asarray(x), np.asarray(targets, dtype=np.float64)
    w0, b0 = _prior(x, targets.shape[1], prior_weight, prior_bias)
    rows = x if free_intercept else with_ones(x)
    source_scores = x.astype(np.float64) @ w0.T + b0
    errors = np.empty((len(trusts), len(alphas)))
    best = None
    for i, trust in enumerate(trusts):
        path = ridge_loo(
            rows,
            targets - trust * source_scores,
            alphas,
            weights=weights,
            fit_intercept=free_intercept,
        )
        errors[i] = path.loo_errors if len(x) > 1 else np.nan
        rank = float(np.min(errors[i])) if len(x) > 1 else -trust
        if best is None or rank < best[0]:
            best = rank, trust, path
    assert best is not None
    _, trust, path = best
    weight, bias = path.weight.astype(np.float64), path.bias.astype(np.float64)
    strength, left_out = path.strength, path.loo_predictions + trust * source_scores
    if len(x) == 1 and not free_intercept:  # nothing to choose by: as near as can be
        again = ridge_loo(rows, targets - trust * source_scores, [max(alphas)], fit_intercept=False)
        weight, bias, strength = again.weight.astype(np.float64), again.bias, again.strength
        left_out = trust * source_scores
    if not free_intercept:
        weight, bias = weight[:, :-1], weight[:, -1] + bias
    return BiasedFit(
        weight + trust * w0, bias + trust * b0, strength, float(trust), errors, left_out
    )


def biased_logistic(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    prior_weight: np.ndarray,
    prior_bias: np.ndarray,
    alphas: Sequence[float],
    *,
    trusts: Sequence[float] = (1.0,),
    weights: np.ndarray | None = None,
    folds: int = 5,
    rng: np.random.Generator | None = None,
    tolerance: float = 1e-6,
) -> BiasedFit:
    """Minimise Σ wᵢ ℓ(yᵢ, W xᵢ + b) + ½ α (‖W − γ W₀‖² + ‖b − γ b₀‖²), by cross-validation.

    Parameters
    ----------
    x, labels, n_classes, weights, tolerance
        As in `logistic_path`.
    prior_weight, prior_bias : ndarray, shapes (k, d) and (k,)
        A softmax model; with two classes k may be 1 (the second over the first).
    alphas, trusts : sequence of float
        The α (positive) and γ to choose from, by the log-loss of rows left out.
    folds : int
        At most; every row is left out alone where there are fewer rows than that.
    rng : Generator, optional
        Shuffles rows before they are dealt to folds.

    Returns
    -------
    BiasedFit
        k is 1 where there are two classes. For one row: the largest α and γ.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.arange(8) % 2
    >>> x = rng.normal(size=(8, 3)) + 2 * labels[:, None]
    >>> fit = biased_logistic(x, labels, 2, np.ones((1, 3)), np.array([-3.0]), [0.1, 1.0, 10.0])
    >>> fit.weight.shape, fit.left_out.shape
    ((1, 3), (8, 1))
    """
    x, labels = np.asarray(x), np.asarray(labels)
    outputs = 1 if n_classes == 2 else n_classes
    if outputs == 1 and len(prior_weight) == 2:
        prior_weight = prior_weight[1:] - prior_weight[:1]
        prior_bias = np.asarray(prior_bias)[1:] - np.asarray(prior_bias)[:1]
    w0, b0 = _prior(x, outputs, prior_weight, prior_bias)
    rows, source_scores = with_ones(x), x.astype(np.float64) @ w0.T + b0
    order = np.asarray(sorted(alphas))
    errors = np.full((len(trusts), len(order)), np.nan)
    chosen = max(trusts), float(order[-1]), np.full_like(source_scores, np.nan)
    if len(x) > 1:
        held = stratified_folds(labels, max(2, min(folds, len(x))), rng)
        if len(np.unique(held)) < 2:
            held = np.arange(len(x)) % 2
        least = np.inf
        for i, trust in enumerate(trusts):
            found = logistic_cv(
                rows, labels, n_classes, order, held, criterion="log_loss", weights=weights,
                offsets=trust * source_scores, fit_intercept=False, tolerance=tolerance,
            )  # fmt: skip
            errors[i] = found.log_loss
            if errors[i].min() < least:
                least = float(errors[i].min())
                chosen = float(trust), found.strength, found.scores
    trust, strength, left_out = chosen
    fit = logistic_path(
        rows, labels, n_classes, [strength], weights=weights,
        offsets=trust * source_scores, fit_intercept=False, tolerance=tolerance,
    )  # fmt: skip
    moved = fit.weights[0].astype(np.float64)
    given = np.asarray(alphas, dtype=np.float64)
    return BiasedFit(
        moved[:, :-1] + trust * w0,
        moved[:, -1] + trust * b0,
        strength,
        float(trust),
        errors[:, np.searchsorted(order, given)],
        left_out,
    )


def _prior(
    x: np.ndarray, outputs: int, weight: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    weight, bias = np.asarray(weight, dtype=np.float64), np.asarray(bias, dtype=np.float64)
    if x.ndim != 2 or weight.shape != (outputs, x.shape[1]) or bias.shape != (outputs,):
        raise ValueError(
            f"the source's model has weights {weight.shape} and biases {bias.shape}, expected "
            f"{(outputs, x.shape[-1])} and {(outputs,)}"
        )
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise ValueError("the source's model holds values that are not finite")
    return weight, bias
