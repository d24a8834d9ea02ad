"""Do groups come back? Fitted on two halves of the rows, do they say the same of all?

Of data that have no groups, halves agree as well where their cloud is long: two groups split it
across its length. So what halves of a Gaussian cloud of the same covariance agree in is taken off.

Data may have groups at several scales. Neighbouring numbers that come back about equally well, with
less on either side, are one plateau.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..base.errors import DataError
from ..base.events import SILENT, Events
from ..base.seeds import numpy_rng
from ..verdict.partition import cross_table, mutual_information
from .base import Clustering, Groups

HALVES = 4
"""Splits for each number of groups that is tried."""
SURE = 10
"""Splits for the number that was chosen."""
STARTS = 4
"""Of k-means in each half: a start that went wrong once is averaged out."""
ROWS = 3000
"""More rows are drawn from: halves of these say as much."""
GREATEST = 25
APART = 2.0
"""Standard errors that numbers of groups must differ by, to be more than a chance apart."""
LEAST = 0.1
"""The least gain that is worth a word."""
MOST = 4
"""Plateaus that are reported, those that say the most."""
A_GROUP = 12
"""Rows that a group needs on average, to be looked for in half of them."""


@dataclass(frozen=True)
class Agreement:
    """How much halves agree, over several splits.

    Attributes
    ----------
    groups : int
    values : float ndarray (splits,)
        Adjusted mutual information of what both say of all rows: 1 is the same, 0 chance.
    chance : float ndarray (splits,)
        The same of a Gaussian cloud with the rows' covariance.
    """

    groups: int
    values: np.ndarray
    chance: np.ndarray

    @property
    def gain(self) -> float:
        """How much more they agree than halves of a cloud without groups."""
        return float(self.values.mean() - self.chance.mean())

    @property
    def error(self) -> float:
        """Standard error of the gain over splits."""
        parts = [v.var(ddof=1) / len(v) for v in (self.values, self.chance) if len(v) > 1]
        return float(np.sqrt(sum(parts)))

    @property
    def information(self) -> float:
        """What comes back of a row's group beyond chance, in bits: the gain times log2(groups)."""
        return self.gain * float(np.log2(self.groups))

    @property
    def clear(self) -> bool:
        """Whether groups come back clearly more often than those of a cloud without any."""
        return round(self.gain, 4) > max(LEAST, APART * round(self.error, 4))

    @property
    def stability(self) -> float:
        """How much they agree."""
        return round(float(self.values.mean()), 4)

    @property
    def by_chance(self) -> float:
        """How much halves of a cloud without groups agree."""
        return round(float(self.chance.mean()), 4)

    def facts(self) -> dict[str, float]:
        """Return what ``clusters.json`` holds of it."""
        return {
            "groups": self.groups,
            "stability": self.stability,
            "chance": self.by_chance,
            "gain": round(self.gain, 4),
            "error": round(self.error, 4),
        }


@dataclass(frozen=True)
class Plateau:
    """Neighbouring numbers of groups that come back about equally well.

    Attributes
    ----------
    low, high : int
        The fewest and the most groups.
    taken : Agreement
        Of the number among them that is taken.
    valley : int or None
        A number between it and a better one that comes back clearly less often; None for the best.
    """

    low: int
    high: int
    taken: Agreement
    valley: int | None = None

    def facts(self) -> dict[str, float]:
        """Return what ``clusters.json`` holds of it."""
        return {
            "low": self.low,
            "high": self.high,
            **self.taken.facts(),
            "information": round(self.taken.information, 3),
        }


def agreement(
    clustering: Clustering, x: np.ndarray, k: int, seed: int, splits: int = HALVES, what: str = ""
) -> Agreement:
    """Split the rows in halves, fit both, and compare what they say of all rows.

    Parameters
    ----------
    clustering : Clustering
    x : float ndarray (n, d)
    k : int
    seed, what
        Decide the halves and the cloud.
    splits : int
    """
    cloud = gaussian_cloud(x, seed)
    values, chance = (
        np.array([_halves(clustering, rows, k, seed, f"{what} {split}") for split in range(splits)])
        for rows in (x, cloud)
    )
    return Agreement(k, values, chance)


def gaussian_cloud(x: np.ndarray, seed: int) -> np.ndarray:
    """Return as many rows without groups, of the same mean and covariance (in expectation)."""
    centre = x.mean(0)
    _, spread, directions = np.linalg.svd(x - centre, full_matrices=False)
    draw = numpy_rng("cloud", seed, *x.shape).normal(size=(len(x), len(spread)))
    return np.asarray(centre + draw * spread / np.sqrt(max(1, len(x) - 1)) @ directions)


def _halves(clustering: Clustering, x: np.ndarray, k: int, seed: int, what: str) -> float:
    order = numpy_rng("halves", seed, k, what).permutation(len(x))
    half = len(x) // 2
    one, two = (
        clustering.fit(x[np.sort(rows)], k, seed, STARTS).assign(x)
        for rows in (order[:half], order[half:])
    )
    return mutual_information(one, two)


def candidates(n: int, low: int = 2, high: int = GREATEST) -> list[int]:
    """Return the numbers of groups to try for n rows: each up to 12, then every other one.

    Raises
    ------
    DataError
        Where there are too few rows for any.
    """
    most = min(high, n // A_GROUP)
    if most < low:
        raise DataError(
            f"{n} rows are too few to find out how many groups they have (at least {low})",
            hint=f"give {low * A_GROUP} rows, or the number with --groups",
        )
    return [k for k in range(low, most + 1) if k <= 12 or k % 2 == 0 or k == most]


def choose_number(
    clustering: Clustering,
    x: np.ndarray,
    tried: Sequence[int],
    seed: int,
    events: Events = SILENT,
) -> list[Agreement]:
    """Return the agreement of each number of groups; `plateaus` says which stand out.

    Lange et al., 2004, Neural Computation 16, Stability-based validation, with chance as of
    Tibshirani et al., 2001, J. R. Stat. Soc. B 63, the gap statistic: a cloud without groups.
    """
    found = []
    with events.progress("how many groups", len(tried)) as bar:
        for k in tried:
            found.append(agreement(clustering, x, k, seed, what="number"))
            bar.advance(1)
    return found


def plateaus(tried: Sequence[Agreement]) -> list[Plateau]:
    """Return the numbers of groups that stand out, the fewest groups first.

    A number stands out where those between it and a better one come back clearly less often
    (`APART` standard errors). Its plateau goes on to both sides as far as numbers are within one
    standard error of it, and the most groups among them are taken that come back as often as the
    best, up to its standard error. Where none is clearly there, the best alone is returned.

    Examples
    --------
    >>> def of(k, gain):
    ...     return Agreement(k, np.array([gain, gain + 0.04]), np.zeros(2))
    >>> gains = [0.8, 0.5, 0.4, 0.6, 0.62, 0.61, 0.3]
    >>> found = plateaus([of(k, gain) for k, gain in enumerate(gains, 2)])
    >>> [(one.low, one.high, one.taken.groups) for one in found]
    [(2, 2, 2), (5, 7, 7)]
    """
    gains = np.array([one.gain for one in tried])
    # Four splits say little of how much one number varies: none is taken for surer than most are.
    errors = np.array([one.error for one in tried])
    errors = np.maximum(errors, np.median(errors))

    def apart(high: int, low: int) -> float:
        return float((gains[high] - gains[low]) / max(1e-12, np.hypot(errors[high], errors[low])))

    found: list[tuple[int, int, int, int | None]] = []
    for peak in (int(i) for i in np.argsort(-gains, kind="stable")):
        valleys = [between(peak, other, gains) for _, _, other, _ in found]
        covered = any(low <= peak <= high for low, high, _, _ in found)
        if covered or any(apart(peak, valley) <= APART for valley in valleys):
            continue
        if found and not tried[peak].clear:
            continue
        ends = []
        for step in (-1, 1):
            end = peak
            while 0 <= end + step < len(tried) and apart(peak, end + step) <= 1:
                if any(low <= end + step <= high for low, high, _, _ in found):
                    break
                end += step
            ends.append(end)
        highest = max(valleys, key=lambda i: gains[i], default=None)
        found.append((ends[0], ends[1], peak, highest))
    levels = []
    for low, high, peak, valley in sorted(found, key=lambda one: one[2]):
        as_good = [i for i in range(low, high + 1) if gains[peak] - gains[i] <= errors[peak]]
        number = None if valley is None else tried[valley].groups
        levels.append(Plateau(tried[low].groups, tried[high].groups, tried[as_good[-1]], number))
    return levels


def differ(more: Agreement, less: Agreement) -> bool:
    """Say whether one number of groups comes back clearly more often than another."""
    return more.gain - less.gain > APART * float(np.hypot(more.error, less.error))


def between(one: int, other: int, gains: np.ndarray) -> int:
    """Return the place of the least gain from one place to another."""
    low, high = sorted((one, other))
    return low + int(gains[low : high + 1].argmin())


def kept(clustering: Clustering, x: np.ndarray, groups: Groups, seed: int) -> np.ndarray:
    """Return how well each group (k,) comes back from halves: the mean best Jaccard index.

    Hennig, 2007, Computational Statistics & Data Analysis 52: from about 0.75 a group is a stable
    one; under 0.6 it should not be trusted.
    """
    own = groups.assign(x)
    found = []
    for split in range(SURE // 2):
        order = numpy_rng("kept", seed, split).permutation(len(x))
        for rows in (order[: len(x) // 2], order[len(x) // 2 :]):
            other = clustering.fit(x[np.sort(rows)], len(groups), seed, STARTS).assign(x)
            table = cross_table(own, other, (len(groups), len(groups)))
            union = table.sum(1)[:, None] + table.sum(0)[None] - table
            found.append((table / np.maximum(union, 1)).max(1))
    return np.asarray(np.mean(found, axis=0))
