"""Two-stage TrAdaBoost.R2: boosted regression with as much of the source as the target bears.

Only weights go in and answers come out here; what is fitted is the caller's choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

import numpy as np

from .tradaboost import Fit, Model, starting_weights


def adaboost_r2(
    fit: Fit[Model],
    values: np.ndarray,
    frozen: int,
    weights: np.ndarray,
    n_estimators: int = 10,
) -> tuple[list[Model], np.ndarray]:
    """Boost a regression over all rows but change the weights of target rows alone.

    AdaBoost.R2 (Drucker, 1997, ICML) with linear loss; the first `frozen` rows keep their weight
    ("AdaBoost.R2′" of Pardoe & Stone, 2010, ICML). Rows of weight 0 stay out.

    Parameters
    ----------
    fit : callable
        Its answers are numbers, (n + m,).
    values : ndarray, shape (n + m,)
    frozen : int
    weights : ndarray, shape (n + m,)
    n_estimators : int

    Returns
    -------
    models : list
    estimator_weights : ndarray
        ln(1 / β) of each: the answer is the weighted median.
    """
    w = np.asarray(weights, dtype=np.float64) / np.sum(weights)
    moving = np.arange(len(w)) >= frozen
    models: list[Model] = []
    say: list[float] = []
    for _ in range(n_estimators):
        model, answers = fit(w * len(w))
        off = np.abs(np.asarray(answers, dtype=np.float64) - values)
        off[w == 0] = 0
        largest = float(off.max())
        loss = off / largest if largest > 0 else off
        error = float(w @ loss)
        if error >= 0.5:
            if not models:
                models, say = [model], [1.0]
            break
        beta = max(error, 1e-10) / (1 - error)
        models.append(model)
        say.append(float(np.log(1 / beta)))
        own = float(w[moving].sum())
        if largest == 0 or own == 0:
            break
        w[moving] *= beta ** (1 - loss[moving])
        w[moving] *= own / w[moving].sum()
    return models, np.array(say)


@dataclass(frozen=True)
class BoostedRegression(Generic[Model]):
    """The models of one step of two-stage TrAdaBoost.R2, and how all steps did.

    Attributes
    ----------
    models : list
    say : ndarray
    step : int
        The step chosen, from 0: the source as it is; to steps − 1: the target alone.
    errors : ndarray, shape (steps,)
        Cross-validated mean absolute error on target rows.
    target_share : ndarray, shape (steps,)
        Of the weight.
    weights : ndarray, shape (n + m,)
        In the step chosen.
    """

    models: list[Model]
    estimator_weights: np.ndarray
    step: int
    errors: np.ndarray
    target_share: np.ndarray
    weights: np.ndarray


def two_stage_r2(
    fit: Fit[Model],
    predict: Callable[[list[Model], np.ndarray], np.ndarray],
    values: np.ndarray,
    n_source: int,
    *,
    steps: int = 10,
    n_estimators: int = 10,
    folds: int = 5,
    rng: np.random.Generator | None = None,
) -> BoostedRegression[Model]:
    """Find how much the source should count, then boost (Pardoe & Stone, 2010, ICML).

    Stage one lowers the weights of source rows step by step, those with large errors most, so
    that the target's share rises evenly from m / (n + m) to 1. Stage two is `adaboost_r2` with
    source weights frozen; of its results at each step, cross-validation on target rows chooses.

    Parameters
    ----------
    fit : callable
        Fits to rows of weight above 0, and answers for all (n + m,).
    predict : callable
        predict(models, rows) -> answers (models, len(rows)) for row numbers of this fit's rows.
    values : ndarray, shape (n + m,)
        Source rows first.
    n_source : int
    steps, rounds, folds : int
        S and N of the paper, and F (at most m).
    rng : Generator, optional
        Deals target rows to folds; in order by default.

    Returns
    -------
    BoostedRegression

    Raises
    ------
    ValueError
        Where a side has no rows, or a number is below 1 (folds: 2).
    """
    if steps < 1 or n_estimators < 1 or folds < 2:
        raise ValueError("steps and rounds must be 1 or more, folds 2 or more")
    w = starting_weights(values, n_source, 1, None)
    total = len(values)
    m = total - n_source
    held = np.arange(m) % min(folds, m)
    held = held if rng is None else rng.permutation(held)
    shares = m / total + np.arange(steps) / max(1, steps - 1) * (1 - m / total)
    every = np.empty((steps, total))
    errors = np.full(steps, np.nan)
    for t in range(steps):
        every[t] = w / w.sum()
        if m > 1:
            errors[t] = _validated(fit, predict, values, n_source, every[t], n_estimators, held)
        if t + 1 == steps:
            break
        _, answers = fit(every[t] * total)
        off = np.abs(np.asarray(answers, dtype=np.float64) - values)
        off /= off[w > 0].max() or 1.0
        w = every[t].copy()
        goal = w[n_source:].sum() * (1 - shares[t + 1]) / shares[t + 1]
        w[:n_source] *= _power(w[:n_source], off[:n_source], goal)
    chosen = int(np.nanargmin(errors)) if m > 1 else 0
    models, say = adaboost_r2(fit, values, n_source, every[chosen], n_estimators)
    return BoostedRegression(models, say, chosen, errors, shares, every[chosen])


def weighted_median(answers: np.ndarray, say: np.ndarray) -> np.ndarray:
    """Return the weighted median over models: the least answer with half of the say at or below.

    Parameters
    ----------
    answers : ndarray, shape (models, n)
    say : ndarray, shape (models,)

    Examples
    --------
    >>> weighted_median(np.array([[1.0], [5.0], [2.0]]), np.array([1.0, 1.0, 1.0])).tolist()
    [2.0]
    """
    order = np.argsort(answers, axis=0, kind="stable")
    below = np.cumsum(say[order], axis=0)
    first = (below >= 0.5 * below[-1] * (1 - 1e-12)).argmax(0)
    columns = np.arange(answers.shape[1])
    return answers[order[first, columns], columns]


def _validated(
    fit: Fit[Model],
    predict: Callable[[list[Model], np.ndarray], np.ndarray],
    values: np.ndarray,
    n_source: int,
    weights: np.ndarray,
    n_estimators: int,
    held: np.ndarray,
) -> float:
    """Return the mean absolute error over target rows left out, each fold once."""
    lost = 0.0
    for fold in np.unique(held):
        out = n_source + np.flatnonzero(held == fold)
        left = weights.copy()
        left[out] = 0
        own = float(weights[n_source:].sum())
        kept = float(left[n_source:].sum())
        if kept > 0:
            left[n_source:] *= own / kept  # the target counts as much as with all its rows
        models, say = adaboost_r2(fit, values, n_source, left, n_estimators)
        lost += float(np.abs(weighted_median(predict(models, out), say) - values[out]).sum())
    return lost / len(held)


def _power(weights: np.ndarray, loss: np.ndarray, goal: float) -> np.ndarray:
    """Return β^loss with the β in [0, 1] that makes the weights' sum `goal`."""
    if goal <= 0:
        return np.zeros_like(weights)

    def total(log_beta: float) -> float:
        return float(weights @ np.exp(log_beta * loss))

    low, high = -1e3, 0.0  # ln β
    if total(low) >= goal:  # rows without any error hold more than that: scale them down
        return np.exp(low * loss) * (goal / total(low))
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if total(middle) < goal else (low, middle)
    return np.exp((low + high) / 2 * loss)
