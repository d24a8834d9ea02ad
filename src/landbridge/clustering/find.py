"""From features to groups: laid out, counted, fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..base.errors import ConfigError, DataError
from ..base.events import SILENT, Events
from ..base.seeds import numpy_rng
from .base import Clustering, Groups
from .compress import Compression, counted
from .stability import (
    GREATEST,
    MOST,
    ROWS,
    SURE,
    Agreement,
    Plateau,
    agreement,
    candidates,
    choose_number,
    differ,
    plateaus,
)

FITTED = 20_000
"""Rows that the groups themselves are fitted on, at most."""


@dataclass(frozen=True)
class Found:
    """Groups of some features, and how they came about."""

    compression: Compression
    groups: Groups
    tried: list[Agreement]
    """Of each number that was tried; empty where the number was given."""
    sure: Agreement
    """Of the number that was taken."""
    plateaus: list[Plateau]
    """Numbers that stand out, the fewest groups first; empty where the number was given."""
    sides: list[np.ndarray]
    """Compressed rows of the target, and of the source where there is one."""
    rows: np.ndarray
    """Some of all of them, for what else is measured."""

    def at(self, clustering: Clustering, k: int, seed: int) -> Groups:
        """Return `k` groups of the same rows."""
        x = np.concatenate(self.sides)
        fitted = some_rows(len(x), FITTED, seed)
        return clustering.fit(x[fitted], k, seed).ordered(self.sides[0])


def find_groups(
    clustering: Clustering,
    features: list[np.ndarray],
    numbers: tuple[int, int],
    seed: int,
    *,
    unit: bool = True,
    events: Events = SILENT,
) -> Found:
    """Compress features, find out how many groups there are, and fit them.

    Parameters
    ----------
    clustering : Clustering
    features : list of float ndarray (n, d)
        The target's, and the source's where there is one.
    numbers : (int, int)
        Fewest and most groups; the same twice is a number that is given.
    seed : int
    unit : bool
        Whether only the direction of features counts.
    """
    both = [np.asarray(x, float) for x in features]
    means = [x.mean(0) for x in both]
    stacked = np.concatenate(both)
    own = np.concatenate([np.broadcast_to(m, x.shape) for x, m in zip(both, means, strict=True)])
    fitted = some_rows(len(stacked), FITTED, seed)
    compression = Compression.fit(stacked[fitted], unit=unit, means=own[fitted])
    # New rows are the target's: what is taken off them is the target's mean.
    compression = replace(compression, mean=means[0])
    sides = [compression.apply(x, m) for x, m in zip(both, means, strict=True)]
    x = np.concatenate(sides)
    low, high = numbers
    distinct = len(np.unique(np.round(x, 10), axis=0))
    if distinct <= low:
        raise DataError(
            f"{distinct} rows differ, and {low} groups were asked for",
            hint="ask for fewer groups, or give rows that differ",
        )
    rows = x[some_rows(len(x), ROWS, seed)]
    few = counted(rows)
    tried: list[Agreement] = []
    levels: list[Plateau] = []
    if low < high:
        possible = candidates(min(len(rows), distinct), low, high)
        tried = choose_number(clustering, few, possible, seed, events)
        levels = _measured_again(clustering, few, plateaus(tried), seed, events)
        sure = choose(levels).taken
    else:
        sure = agreement(clustering, few, low, seed, SURE, what="sure")
    k = sure.groups
    groups = clustering.fit(x[fitted], k, seed).ordered(sides[0])
    if len(groups) < 2:
        raise DataError(
            "all rows are in one group", hint="ask for another number of groups, or another method"
        )
    return Found(compression, groups, tried, sure, levels, sides, rows)


def _measured_again(
    clustering: Clustering, x: np.ndarray, levels: list[Plateau], seed: int, events: Events
) -> list[Plateau]:
    """Return those that stand out on new splits as well, with what they gain there.

    The best of many is flattered by the splits that it was the best on; and of many numbers that
    are tried some stand out by chance.
    """
    most = sorted(levels, key=lambda one: -one.taken.information)[:MOST]
    most += [one for one in levels if one.valley is None and one not in most]
    found = []
    with events.progress("measure again what stands out", len(most)) as bar:
        for one in sorted(most, key=lambda one: one.low):
            sure = agreement(clustering, x, one.taken.groups, seed, SURE, what="sure")
            valley = None
            if one.valley is not None:
                valley = agreement(clustering, x, one.valley, seed, SURE, what="sure")
            if valley is None or (sure.clear and differ(sure, valley)):
                found.append(replace(one, taken=sure))
            bar.advance(1)
    return found


def choose(levels: list[Plateau]) -> Plateau:
    """Return the plateau whose groups say the most: the one with the most bits that come back.

    Two groups come back easily, and say little of a row: at most one bit. Plateaus that may be
    chance are taken only where there is no other, and then the one that gains most. No label is
    asked.

    Examples
    --------
    >>> def level(k, gain):
    ...     return Plateau(k, k, Agreement(k, np.array([gain, gain + 0.02]), np.zeros(2)))
    >>> choose([level(2, 0.8), level(10, 0.6)]).low
    10
    >>> choose([level(2, 0.8), level(10, 0.2)]).low
    2
    """
    clear = [one for one in levels if one.taken.clear]
    if not clear:
        return max(levels, key=lambda one: one.taken.gain)
    return max(clear, key=lambda one: one.taken.information)


def numbers(groups: str | int) -> tuple[int, int]:
    """Return the fewest and the most groups that are meant.

    Raises
    ------
    ConfigError
        Where it is none of "auto", a number from 2, or two of them.

    Examples
    --------
    >>> numbers("auto"), numbers(4), numbers("3-8")
    ((2, 25), (4, 4), (3, 8))
    """
    text = str(groups).strip()
    if text == "auto":
        return 2, GREATEST
    low, _, high = text.partition("-")
    if low.isdigit() and (high.isdigit() or "-" not in text):
        found = int(low), int(high or low)
        if 2 <= found[0] <= found[1]:
            return found
    raise ConfigError(
        f"groups is {text!r}", hint='give a number from 2, a range such as 2-12, or "auto"'
    )


def some_rows(n: int, most: int, seed: int) -> np.ndarray:
    """Return all rows, or an even draw of so many."""
    if n <= most:
        return np.arange(n)
    return np.sort(numpy_rng("rows", seed, n, most).permutation(n)[:most])
