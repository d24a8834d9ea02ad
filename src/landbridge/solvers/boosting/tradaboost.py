"""TrAdaBoost: boosting that turns away from source rows which do not fit the target.

Only weights go in and answers come out here; what is fitted is the caller's choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

Model = TypeVar("Model")

Fit = Callable[[np.ndarray], tuple[Model, np.ndarray]]
"""fit(weights) -> model, its answers to all rows. Weights have mean 1 over all rows."""


@dataclass(frozen=True)
class Boosted(Generic[Model]):
    """Models that vote, and what happened on the way.

    Attributes
    ----------
    models : list
        Those of the last half of the rounds.
    estimator_weights : ndarray
        How much each of them counts; not negative, not all 0.
    weights : ndarray, shape (n + m,)
        After the last round, sum 1.
    errors : ndarray, shape (rounds,)
        Weighted error on target rows in each round.
    source_share : ndarray, shape (rounds,)
        Of the weight, at the start of each round.
    """

    models: list[Model]
    estimator_weights: np.ndarray
    weights: np.ndarray
    errors: np.ndarray
    source_share: np.ndarray


def tradaboost(
    fit: Fit[Model],
    labels: np.ndarray,
    n_source: int,
    n_classes: int,
    n_estimators: int = 20,
    *,
    weights: np.ndarray | None = None,
    dynamic: bool = False,
) -> Boosted[Model]:
    """Boost over source and target rows (Dai, Yang, Xue & Yu, 2007, ICML).

    In each round a model is fitted to weighted rows. Target rows that it gets wrong count more,
    by (1 − ε) / ε, as in AdaBoost; source rows that it gets wrong count less, by
    β = 1 / (1 + √(2 ln n / rounds)). The last half of the rounds vote.

    Parameters
    ----------
    fit : callable
        Its answers are class numbers, (n + m,).
    labels : ndarray of int, shape (n + m,)
        Source rows first.
    n_source : int
        n, at least 1; m is at least 1.
    n_classes : int
        With more than two, as in SAMME (Zhu et al., 2009, Statistics and Its Interface 2):
        chance is 1 − 1/k, and ln(k − 1) is added to each ln((1 − ε) / ε).
    n_estimators : int
    weights : ndarray, shape (n + m,), optional
        To begin with; all equal by default.
    dynamic : bool
        Let the source's weights grow as the target's do together, by 2 (1 − ε) in each round:
        plain TrAdaBoost drains them even where the source is right, because only target weights
        ever grow (Al-Stouhi & Reddy, 2011, ECML PKDD).

    Returns
    -------
    Boosted

    Raises
    ------
    ValueError
        Where a side has no rows, or `n_estimators` is below 1.

    Notes
    -----
    Where the paper does not say: an error of chance or more gives the model no vote and leaves
    target weights as they are; an error of 0 is taken as that of half a target row, or votes
    would be infinite. Where no model may vote the last one decides.

    Examples
    --------
    >>> labels = np.array([0, 1, 0, 1])
    >>> found = tradaboost(lambda w: ("model", labels), labels, 2, 2, n_estimators=4)
    >>> len(found.models), found.errors.tolist()
    (3, [0.0, 0.0, 0.0, 0.0])
    """
    w = starting_weights(labels, n_source, n_estimators, weights)
    m = len(labels) - n_source
    chance = 1 - 1 / n_classes
    slow = 1 / (1 + np.sqrt(2 * np.log(n_source) / n_estimators))
    first = int(np.ceil(n_estimators / 2)) - 1  # round ⌈N/2⌉, counted from 0
    models: list[Model] = []
    say, errors, shares = [], np.empty(n_estimators), np.empty(n_estimators)
    for t in range(n_estimators):
        w = w / w.sum()
        shares[t] = w[:n_source].sum()
        model, answers = fit(w * len(w))
        wrong = np.asarray(answers) != labels
        own = w[n_source:]
        errors[t] = float(own @ wrong[n_source:]) / float(own.sum())
        error = max(errors[t], 0.5 / m)
        vote = np.log((1 - error) / error) + np.log(n_classes - 1) if error < chance else 0.0
        if t >= first:
            models.append(model)
            say.append(vote)
        before = float(own.sum())
        w[n_source:] *= np.exp(vote * wrong[n_source:])
        w[:n_source] *= slow ** wrong[:n_source]
        if dynamic:
            w[:n_source] *= float(w[n_source:].sum()) / before
    votes = np.array(say)
    if not votes.any():
        models, votes = models[-1:], np.ones(1)
    return Boosted(models, votes, w / w.sum(), errors, shares)


def starting_weights(
    labels: np.ndarray, n_source: int, n_estimators: int, weights: np.ndarray | None
) -> np.ndarray:
    """Return a copy of the weights, all equal by default, or say what is wrong."""
    if not 0 < n_source < len(labels):
        raise ValueError(f"{len(labels)} rows, {n_source} of them source rows: need both sides")
    if n_estimators < 1:
        raise ValueError(f"n_estimators must be 1 or more, got {n_estimators}")
    if weights is None:
        return np.full(len(labels), 1 / len(labels))
    w = np.array(weights, dtype=np.float64)
    if w.shape != np.shape(labels) or not (w >= 0).all() or not w[n_source:].sum() > 0:
        raise ValueError("weights must be n + m numbers, none negative, some target weight")
    return w
