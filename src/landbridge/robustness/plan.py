"""What a budget allows, decided once: how many rows, from what one costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..base.formatting import seconds as said_seconds
from ..base.seeds import numpy_rng
from .base import SEVERITIES, Attack, Corruption
from .subject import Subject

_MEASURED = 16
"""Rows by which it is measured what one costs."""
_LEAST = 20
"""Rows with which nothing can be told any more: so many are tested whatever it takes."""


@dataclass(frozen=True)
class Sizes:
    """How large an attack's changes are.

    Attributes
    ----------
    at : float
        The size that figures are about.
    values : tuple of float
        All of them, ascending.
    """

    at: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class StressPlan:
    """What is done.

    Attributes
    ----------
    rows : tuple of int
        Of those that could be tested.
    seconds : float
        CPU time that it takes about.
    note : str
        What there is to say of it.
    """

    rows: tuple[int, ...]
    seconds: float
    note: str = ""


def plan_stress(
    subjects: Sequence[Subject],
    attacks: Mapping[str, tuple[Attack, Sizes]],
    corruptions: Mapping[str, Corruption],
    budget: float,
    strata: np.ndarray,
    seed: int,
) -> StressPlan:
    """Return which rows are tested within `budget` seconds of CPU time.

    A forward pass and each corruption are measured on a few rows; all else is counted from that.
    """
    each, n = 0.0, len(subjects[0])
    few = np.unique(np.linspace(0, n - 1, min(n, _MEASURED)).astype(int))
    for subject in subjects:
        picked = subject.rows.select(few)
        stored = np.asarray(picked.stored)
        subject.values(stored)  # the first pass sets things up
        pass_s = _timed(partial(subject.values, stored)) / len(few)
        passes = 1.0 + len(corruptions) * len(SEVERITIES)
        for attack, sizes in attacks.values():
            if not (attack.gradients and subject.no_gradients):
                passes += attack.cost(subject) * (len(sizes.values) if attack.curve else 1)
        each += pass_s * passes
        for corruption in corruptions.values():
            one = _timed(partial(corruption.corrupted, picked, 3)) / len(few)
            each += one * len(SEVERITIES)
    allowed = int(budget / max(each, 1e-9))
    count = min(n, max(allowed, _LEAST))
    note = ""
    if count < n:
        note = (
            f"{count:,} of {n:,} rows were tested, as the budget of {said_seconds(budget)} allows"
        )
    if count > allowed:
        note = (
            f"{count:,} rows take about {said_seconds(each * count)} of CPU time, more than the "
            f"budget of {said_seconds(budget)}: fewer would tell nothing"
        )
    return StressPlan(tuple(spread_rows(strata, count, seed).tolist()), each * count, note)


def spread_rows(strata: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return so many rows by chance, of each stratum its share, ascending.

    Examples
    --------
    >>> spread_rows(np.array([0, 0, 0, 1]), 4, 0).tolist()
    [0, 1, 2, 3]
    """
    rng = numpy_rng(seed, "stress rows")
    place = np.zeros(len(strata))
    for stratum in np.unique(strata):
        own = np.flatnonzero(strata == stratum)
        place[rng.permutation(own)] = (np.arange(len(own)) + 0.5) / len(own)
    return np.sort(np.argsort(place, kind="stable")[:count])


def _timed(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
