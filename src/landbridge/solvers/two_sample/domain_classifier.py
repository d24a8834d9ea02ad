"""A linear classifier of "source or target", cross-validated: how well can the two be told apart?

The proxy A-distance is 2 (1 − 2 ε), ε the classifier's error (Ben-David et al., 2010, Machine
Learning 79): 0 where nobody can tell, 2 where anybody can. The classifier is the linear
discriminant with shrunk covariance; its covariance does not depend on who is who, so one
factorisation a fold serves all permutations of the null.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .pooled import pooled_rows


@dataclass(frozen=True)
class DomainClassifier:
    """What a cross-validated domain classifier found.

    Attributes
    ----------
    scores : ndarray, float64 (n + m,)
        Held-out scores of source rows, then target rows; above 0 says "target".
    error : float
        Mean of the two domains' error rates: 0.5 is chance, however many rows each has.
    distance : float
        max(0, 2 (1 − 2 error)).
    low, high : float
        95 % interval of the distance.
    null : ndarray, float64 (permutations,)
        2 (1 − 2 error) where membership is permuted, not cut off at 0.
    p : float
        At least 1 / (permutations + 1).
    shrinkage : float
        Part of the covariance that was replaced by its mean eigenvalue (Ledoit & Wolf, 2004).
    """

    scores: np.ndarray
    error: float
    distance: float
    low: float
    high: float
    null: np.ndarray
    p: float
    shrinkage: float


def domain_classifier(
    xs: np.ndarray,
    xt: np.ndarray,
    rng: np.random.Generator,
    *,
    folds: int = 5,
    permutations: int = 100,
) -> DomainClassifier:
    """Tell source from target, with a cross-validated error, its interval and its null.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
        At least two rows each. Put columns of different units on one scale before.
    rng : Generator
        Draws folds and permutations.
    folds : int, default 5
        Each holds its share of both domains; fewer where a domain has fewer rows.
    permutations : int, default 100

    Returns
    -------
    DomainClassifier

    Raises
    ------
    ValueError
        Where a domain has fewer than two rows, shapes disagree or a value is not finite.

    Notes
    -----
    Thresholds lie midway between the domains' means, so unequal sizes do not move them.
    Membership is permuted inside folds, so the test is exact. The interval is normal, with the
    binomial deviation of the error or that over permutations, whichever is greater: errors of
    one cross-validation are not independent.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 3))
    >>> found = domain_classifier(x, rng.normal(size=(50, 3)) + 5, rng, permutations=99)
    >>> found.distance, found.p
    (2.0, 0.01)
    """
    x = pooled_rows(xs, xt)
    n, m = len(xs), len(xt)
    if min(n, m) < 2:
        raise ValueError(f"two rows are needed on either side, got {n} and {m}")
    x -= x.mean(0)
    folds = min(folds, n, m)
    fold = np.concatenate([rng.permutation(np.arange(k) % folds) for k in (n, m)])
    target = np.arange(n + m) >= n
    members = np.empty((n + m, permutations + 1))
    members[:, 0] = target
    for k in range(folds):  # who is who is permuted inside folds, so each keeps its share
        rows = np.flatnonzero(fold == k)
        for b in range(1, permutations + 1):
            members[rows, b] = rng.permutation(target[rows])
    shrinkage = ledoit_wolf(x)
    gram = x.T @ x
    scores = np.empty(n + m)
    wrong = np.zeros((2, permutations + 1))
    for k in range(folds):
        held = fold == k
        part = x[held]
        own = _held_out(x, gram, part, held, members, shrinkage)
        scores[held] = own[:, 0]
        truth = members[held]
        # A score of exactly 0 is half an error: constant features tell nothing.
        miss = np.where(own > 0, 1 - truth, np.where(own < 0, truth, 0.5))
        wrong[1] += (miss * truth).sum(0)
        wrong[0] += (miss * (1 - truth)).sum(0)
    rates = wrong / np.array([[n], [m]])
    errors = rates.mean(0)
    distances = 2 * (1 - 2 * errors)
    null = distances[1:]
    error = float(errors[0])
    own = rates[:, 0]
    # Wilson's centre keeps the deviation off 0 where no error was made.
    smooth = (own * [n, m] + 2) / (np.array([n, m]) + 4)
    binomial = 0.5 * float(np.sqrt(np.sum(smooth * (1 - smooth) / (np.array([n, m]) + 4))))
    permuted = float(np.std(errors[1:])) if permutations else 0.0
    permuted *= float(np.sqrt(max(error * (1 - error), 0) / 0.25))
    half = 4 * 1.959964 * max(binomial, permuted)
    p = (1 + int((null >= distances[0] - 1e-12).sum())) / (permutations + 1)
    return DomainClassifier(
        scores=scores,
        error=error,
        distance=float(np.clip(distances[0], 0, 2)),
        low=float(np.clip(distances[0] - half, 0, 2)),
        high=float(np.clip(distances[0] + half, 0, 2)),
        null=null,
        p=p,
        shrinkage=shrinkage,
    )


def weighted_distance(
    xs: np.ndarray, xt: np.ndarray, weights: np.ndarray, rng: np.random.Generator, *, folds: int = 5
) -> float:
    """Return 2 (1 − 2 error) between the target and a source whose rows have weights.

    Weights count in the means, in the covariance and in the error.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
    weights : ndarray, shape (n,)
        Of source rows, not negative; only their ratios matter.
    rng : Generator
        Draws the folds.
    folds : int, default 5

    Returns
    -------
    float
        Below 0 where the classifier is worse than chance.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(400, 2)) + np.repeat([[0.0], [6.0]], 200, axis=0)
    >>> y = rng.normal(size=(400, 2)) + np.repeat([[0.0], [6.0]], [40, 360], axis=0)
    >>> share = np.repeat([0.1, 0.9], 200)
    >>> weighted_distance(x, y, np.ones(400), rng) > 0.7, weighted_distance(x, y, share, rng) < 0.3
    (True, True)
    """
    n, m = len(xs), len(xt)
    x = np.concatenate([xs, xt]).astype(np.float64)
    x -= x.mean(0)
    folds = min(folds, n, m)
    fold = np.concatenate([rng.permutation(np.arange(k) % folds) for k in (n, m)])
    target = np.arange(n + m) >= n
    mass = np.concatenate([weights / weights.sum(), np.full(m, 1 / m)])
    shrinkage = ledoit_wolf(x)
    scores = np.zeros(n + m)
    for k in range(folds):
        rest = np.where(fold == k, 0.0, mass)
        ours, theirs = np.where(target, 0.0, rest), np.where(target, rest, 0.0)
        if not ours.any() or not theirs.any():
            continue
        ours, theirs = ours / ours.sum(), theirs / theirs.sum()
        means = ours @ x, theirs @ x
        middle = (means[0] + means[1]) / 2
        root = np.sqrt((ours + theirs) / 2)[:, None] * x
        covariance = _shrunk(root.T @ root - np.outer(middle, middle), shrinkage)
        if covariance is not None:
            held = fold == k
            scores[held] = (x[held] - middle) @ np.linalg.solve(covariance, means[1] - means[0])
    miss = np.where(scores > 0, ~target, np.where(scores < 0, target, 0.5))
    return 2 - 2 * float(miss @ mass)


def ledoit_wolf(x: np.ndarray) -> float:
    """Return the part of a sample covariance to replace by its mean eigenvalue, in [0, 1].

    Parameters
    ----------
    x : ndarray, shape (n, d)
        Centred.

    References
    ----------
    Ledoit & Wolf, 2004, J. Multivariate Analysis 88.

    Examples
    --------
    >>> ledoit_wolf(np.eye(4) - 0.25) > ledoit_wolf(np.diag([9.0, 1, 1, 1, 0]).repeat(50, 0))
    True
    """
    n, d = x.shape
    small = x.T @ x if d <= n else x @ x.T
    squared = float((small**2).sum()) / n**2
    mean = float(np.trace(small)) / n / d
    away = squared - d * mean**2
    if away <= 0:
        return 1.0
    noise = (float(((x**2).sum(1) ** 2).mean()) - squared) / n
    return float(np.clip(noise / away, 0, 1))


def target_log_odds(scores: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return log P(target | score) / P(source | score), both domains counted as equally large.

    A logistic curve through the held-out scores (Platt, 1999), by Newton's method; exp of it
    is the importance weight that a discriminator gives to a source row.

    Parameters
    ----------
    scores : ndarray, shape (n,)
    target : bool ndarray, shape (n,)

    Returns
    -------
    float64 ndarray, shape (n,)

    Examples
    --------
    >>> scores = np.array([-1.0, 0, 1, -1, 0, 1])
    >>> bool(np.abs(target_log_odds(scores, np.arange(6) > 2)).max() < 1e-9)
    True
    """
    scale = float(np.std(scores)) or 1.0
    z = np.stack([np.ones(len(scores)), (scores - scores.mean()) / scale], axis=1)
    weight = np.where(target, 0.5 / max(target.sum(), 1), 0.5 / max((~target).sum(), 1))
    beta = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(z @ beta, -30, 30)))
        # A little ridge: separable scores would send the slope to infinity.
        gradient = z.T @ (weight * (p - target)) + 1e-4 * beta
        curve = (z * (weight * p * (1 - p))[:, None]).T @ z + 1e-4 * np.eye(2)
        step = np.linalg.solve(curve, gradient)
        beta -= step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(z @ beta)


def _held_out(
    x: np.ndarray,
    gram: np.ndarray,
    part: np.ndarray,
    held: np.ndarray,
    members: np.ndarray,
    shrinkage: float,
) -> np.ndarray:
    """Return scores (rows held out, memberships) of discriminants fitted on all other rows."""
    keep = ~held
    rest, labels = x[keep], members[keep]
    count = labels.sum(0)
    theirs = rest.T @ labels  # sums of target rows
    mean = rest.mean(0)
    ours = (mean[:, None] * len(rest) - theirs) / (len(rest) - count)
    theirs = theirs / count
    covariance = (gram - part.T @ part) / len(rest) - np.outer(mean, mean)
    shrunk = _shrunk(covariance, shrinkage)
    if shrunk is None:
        return np.zeros((len(part), members.shape[1]))
    weight = np.linalg.solve(shrunk, theirs - ours)
    middle = 0.5 * ((theirs + ours) * weight).sum(0)
    return part @ weight - middle


def _shrunk(covariance: np.ndarray, shrinkage: float) -> np.ndarray | None:
    """Return a covariance moved towards its mean eigenvalue; None where nothing varies."""
    level = float(np.trace(covariance)) / len(covariance)
    if level <= 0:
        return None
    # At least a millionth: columns that repeat each other leave the covariance singular.
    part = max(shrinkage, 1e-6)
    return (1 - part) * covariance + part * level * np.eye(len(covariance))
