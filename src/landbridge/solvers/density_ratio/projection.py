"""Exact projections onto a box with bounds on the sum, and onto the simplex."""

from __future__ import annotations

import numpy as np


def project_box_sum(
    point: np.ndarray, upper: float, low: float, high: float, pull: float = 0.0
) -> np.ndarray:
    """Return the nearest w with 0 ≤ w ≤ upper and low ≤ Σ w ≤ high.

    More generally the minimiser of  ½ ‖w − point‖² + ½ pull (Σ w − Σ point)²  there. It is
    clip(point − t, 0, upper) for one number t, found exactly: S(t) = Σ clip(point − t, 0, upper)
    falls in straight pieces, which Newton's method with a bracket goes through.

    Parameters
    ----------
    point : ndarray, shape (n,)
    upper : float
        Positive.
    low, high : float
        low ≤ high, and what the box can reach: high ≥ 0, low ≤ n · upper.
    pull : float
        Not negative; 0 is the Euclidean projection.

    Raises
    ------
    ValueError
        Where no w fits.

    Examples
    --------
    >>> project_box_sum(np.array([0.9, 0.5, -1.0]), 1.0, 1.0, 1.0).round(3).tolist()
    [0.7, 0.3, 0.0]
    """
    if not (upper > 0 and low <= high and high >= 0 and low <= len(point) * upper):
        raise ValueError(f"no w in [0, {upper}]^{len(point)} has a sum in [{low}, {high}]")
    total = float(point.sum())
    # Root of  t + pull (Σ point − S(t)) = 0 : both parts rise with t.
    shift = 0.0 if pull == 0 else _root(point, upper, 1.0, pull, pull * total)
    found = np.clip(point - shift, 0, upper)
    reached = float(found.sum())
    if low <= reached <= high:
        return found
    goal = low if reached < low else high
    shift = _root(point, upper, 0.0, 1.0, goal)
    return np.clip(point - shift, 0, upper)


def _root(point: np.ndarray, upper: float, slope: float, factor: float, goal: float) -> float:
    """Return the t where slope · t − factor · S(t) + goal = 0; the left side rises with t.

    Newton's step is exact on a straight piece; where it leaves the bracket, bisection.
    """
    left, right = float(point.min()) - upper, float(point.max())  # S = n · upper, S = 0
    if slope:  # beyond the ends of S only the first part rises
        left = min(left, (factor * len(point) * upper - goal) / slope)
        right = max(right, -goal / slope)
    t = min(max(0.0, left), right)
    for _ in range(200):
        moved = point - t
        inside = (moved > 0) & (moved < upper)
        value = slope * t - factor * float(np.clip(moved, 0, upper).sum()) + goal
        if value == 0:
            return t
        if value < 0:
            left = t
        else:
            right = t
        rise = slope + factor * float(np.count_nonzero(inside))
        following = t - value / rise if rise > 0 else np.nan
        if following == t:
            return t
        if not left < following < right:
            following = 0.5 * (left + right)
            if following in (left, right):
                return following
        t = following
    return t
