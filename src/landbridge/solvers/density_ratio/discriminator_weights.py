"""Weights from a classifier that tells target rows from source rows.

By Bayes' rule  p_t(x) / p_s(x) = P(target | x) / P(source | x) · n_s / n_t  (Bickel, Brückner &
Scheffer, 2009, JMLR 10). The classifier is logistic regression, so the ratio is exp of its logit,
and never a quotient of two rounded numbers.

A classifier that saw a row is too sure of it. So each source row is weighted by a fit without its
fold, and the ridge strength is the one whose fits told held-out rows best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...base.seeds import numpy_rng
from .base import checked_domains, effective_sample_size, mean_one

ALPHAS = tuple(float(10.0**p) for p in np.arange(-3, 2.0, 1.0))
"""10^−3 … 10, times the mean variance of the columns; the loss is a mean over rows."""


@dataclass(frozen=True)
class DiscriminatorFit:
    """Weights by logistic regression.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        Mean 1 over source rows; the type of `xs`.
    effective_sample_size : float
        Of the source rows under these weights.
    log_ratios : ndarray, float64 (n,)
        log (P(target | x) / P(source | x) · n_s / n_t), not normalised.
    strength : float
        Ridge strength, times the mean variance of the columns.
    alphas, losses : ndarray, shape (s,)
        What was tried, and the mean held-out logistic loss in nats (NaN where there were too few
        rows to hold any out). log 2 or so says that nobody can tell the domains apart.
    """

    weights: np.ndarray
    effective_sample_size: float
    log_ratios: np.ndarray
    strength: float
    alphas: np.ndarray
    losses: np.ndarray


def discriminator_weights(
    xs: np.ndarray,
    xt: np.ndarray,
    *,
    alphas: np.ndarray | Sequence[float] | float = ALPHAS,
    folds: int = 5,
    cross_fit: bool = True,
    seed: int = 0,
) -> DiscriminatorFit:
    """Return weights of source rows by logistic regression.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
        Source and target rows, neither changed.
    alphas : array or float
        The ridge strengths to choose from, times the mean variance of the columns.
    folds : int
        Of each domain; fewer where a domain has fewer rows.
    cross_fit : bool
        Whether a source row's weight is by the fit without its fold, or by the fit on all rows.
    seed : int
        Of the folds.

    Returns
    -------
    DiscriminatorFit

    Raises
    ------
    ValueError
        As `checked_domains`; where a strength is not positive, or `folds` below 2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> xs, xt = rng.normal(size=(500, 1)), rng.normal(loc=1.0, size=(300, 1))
    >>> found = discriminator_weights(xs, xt)
    >>> bool(np.average(xs, axis=0, weights=found.weights)[0] > 0.8)
    True
    """
    xs, xt = checked_domains(xs, xt)
    alphas = np.sort(np.atleast_1d(np.asarray(alphas, dtype=np.float64)).ravel())[::-1]
    if not len(alphas) or not np.isfinite(alphas).all() or not (alphas > 0).all():
        raise ValueError(f"alphas must be positive and finite, got {alphas.tolist()}")
    if folds < 2:
        raise ValueError(f"folds must be 2 or more, got {folds}")
    from ..linear.logistic import logistic_cv, logistic_path

    n, m = len(xs), len(xt)
    middle = np.concatenate([xs, xt]).mean(axis=0, dtype=np.float64)
    both = np.concatenate([xs - middle, xt - middle])
    both /= max(float(np.sqrt(np.mean(both**2))), np.finfo(np.float64).tiny)
    both = both.astype(xs.dtype, copy=False)
    is_target = np.repeat([0, 1], [n, m])
    folds = min(folds, n, m)
    losses = np.full(len(alphas), np.nan)
    if folds < 2:  # nothing can be held out: the strongest
        best = 0
        fit = logistic_path(both, is_target, 2, alphas[:1] * (n + m), tolerance=1e-10)
        logits = both[:n] @ fit.weights[0, 0] + fit.biases[0, 0]
    else:
        fold_of = np.empty(n + m, dtype=np.int64)
        rng = numpy_rng(seed, "discriminator folds")
        for rows in (np.arange(n), np.arange(n, n + m)):
            fold_of[rng.permutation(rows)] = np.arange(len(rows)) % folds
        # The loss is a sum there, over all folds but one.
        sums = alphas * (n + m) * (1 - 1 / folds)
        choice = logistic_cv(both, is_target, 2, sums, fold_of, criterion="log_loss")
        losses, best = choice.log_loss, int(np.argmin(choice.log_loss))
        if cross_fit:
            logits = choice.scores[:n, -1].astype(np.float64)
            # Odds of the other folds' sizes: those of all rows but for a row or so.
            for fold in range(folds):
                out = fold_of == fold
                sizes = n - out[:n].sum(), m - out[n:].sum()
                logits[out[:n]] -= np.log(sizes[1] / sizes[0] * n / m)
        else:
            fit = logistic_path(both, is_target, 2, [alphas[best] * (n + m)], tolerance=1e-10)
            logits = both[:n] @ fit.weights[0, 0] + fit.biases[0, 0]
    log_ratios = logits + np.log(n / m)
    weights = mean_one(np.exp(log_ratios - log_ratios.max()), xs.dtype)
    return DiscriminatorFit(
        weights=weights,
        effective_sample_size=effective_sample_size(weights),
        log_ratios=log_ratios,
        strength=float(alphas[best]),
        alphas=alphas,
        losses=losses,
    )
