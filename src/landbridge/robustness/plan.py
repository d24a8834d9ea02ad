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
    dropped : tuple of str
        Attacks that the budget has no room for.
    """

    rows: tuple[int, ...]
    seconds: float
    note: str = ""
    dropped: tuple[str, ...] = ()


def plan_stress(
    subjects: Sequence[Subject],
    attacks: Mapping[str, tuple[Attack, Sizes]],
    corruptions: Mapping[str, Corruption],
    budget: float,
    strata: np.ndarray,
    seed: int,
    named: bool = False,
    more_passes: int = 0,
) -> StressPlan:
    """Return which rows are tested within `budget` seconds of CPU time.

    A forward pass and each corruption are measured on a few rows; all else is counted from that.
    Where `_LEAST` rows take longer the dearest attacks are left out, unless they are `named`; one
    stays, that with gradients where there is one. `more_passes` of each model go through for a row.
    """
    each, n = 0.0, len(subjects[0])
    costs = dict.fromkeys(attacks, 0.0)
    few = np.unique(np.linspace(0, n - 1, min(n, _MEASURED)).astype(int))
    for subject in subjects:
        picked = subject.rows.select(few)
        stored = np.asarray(picked.stored)
        subject.values(stored)  # the first pass sets things up
        pass_s = _timed(partial(subject.values, stored)) / len(few)
        each += pass_s * (1.0 + len(corruptions) * len(SEVERITIES) + more_passes)
        for name, (attack, sizes) in attacks.items():
            if not (attack.gradients and subject.no_gradients):
                passes = attack.cost(subject) * (len(sizes.values) if attack.curve else 1)
                costs[name] += pass_s * passes
        for corruption in corruptions.values():
            one = _timed(partial(corruption.corrupted, picked, 3)) / len(few)
            each += one * len(SEVERITIES)
    least = min(n, _LEAST)
    dropped: list[str] = []
    while not named and least * (each + sum(costs.values())) > budget:
        dear = [name for name in costs if not _last(name, costs, attacks)]
        if not dear:
            break
        dropped.append(max(dear, key=lambda name: costs[name]))
        del costs[dropped[-1]]
    each += sum(costs.values())
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
    rows = tuple(spread_rows(strata, count, seed).tolist())
    return StressPlan(rows, each * count, note, tuple(dropped))


def _last(
    name: str, left: Mapping[str, float], attacks: Mapping[str, tuple[Attack, Sizes]]
) -> bool:
    """Whether without this attack no attack, or none with gradients, would be left."""
    own = attacks[name][0].gradients
    return len(left) == 1 or (own and sum(attacks[other][0].gradients for other in left) == 1)


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
