"""Rates as a function of progress alone: nothing to save, nothing to lose on resume."""

from __future__ import annotations

import math


def warm_cosine(step: int, steps: int, warmup: float) -> float:
    """Return the rate's factor at `step` of `steps`: linear rise, then half a cosine to 0.

    Parameters
    ----------
    step : int
        From 0.
    steps : int
    warmup : float
        Share of the steps over which the factor rises.

    Examples
    --------
    >>> warm_cosine(0, 100, 0.1), round(warm_cosine(10, 100, 0.1), 6)
    (0.1, 1.0)
    """
    rise = max(1, round(warmup * steps)) if warmup > 0 else 0
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))
