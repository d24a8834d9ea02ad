"""Do groups come back? Fitted on two halves of the rows, do they say the same of all?

Of data that have no groups, halves agree as well where their cloud is long: two groups split it
across its length. So what halves of a Gaussian cloud of the same covariance agree in is taken off.
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
    """Return the agreement of each number of groups; the greatest gain is the number to take.

    Lange et al., 2004, Neural Computation 16, Stability-based validation, with chance as of
    Tibshirani et al., 2001, J. R. Stat. Soc. B 63, the gap statistic: a cloud without groups.
    """
    found = []
    with events.progress("how many groups", len(tried)) as bar:
        for k in tried:
            found.append(agreement(clustering, x, k, seed, what="number"))
            bar.advance(1)
    return found


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
