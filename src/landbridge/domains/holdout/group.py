"""Whole groups: what is judged comes from patients, sites or users that nothing is known of."""

from __future__ import annotations

import numpy as np

from ...base.formatting import counted
from .base import SPLIT_RULES, Split, SplitRows, SplitRule, blocks_of, check_filled, nothing_to_part

TRIES = 50
"""Draws among which the one is taken that is nearest to the share that is wanted."""


@SPLIT_RULES.register("group")
class Group(SplitRule):
    """All rows of a group are held out, or none.

    Of several draws of whole groups the one is taken whose size, and whose shares of the classes,
    are nearest to what is wanted, and that leaves something of each class to learn from. A row
    without a group is one of its own.
    """

    summary = "all rows of some groups (patients, sites, users), named by a column"

    def split(self, rows: SplitRows, fraction: float, rng: np.random.Generator) -> Split:
        """Draw whole groups."""
        assert rows.values is not None
        check_filled(rows)
        blocks = blocks_of(rows.values)
        groups, place = np.unique(blocks[rows.labeled], return_inverse=True)
        if len(groups) < 2:
            raise nothing_to_part(
                rows, f"column {rows.column!r} puts all {rows.total} labelled rows into one group"
            )
        counts = _counts(rows, place, len(groups))
        best = min(
            (_draw(counts, fraction, rng.permutation(len(groups))) for _ in range(TRIES)),
            key=lambda found: _misfit(counts, found, fraction),
        )
        test = np.isin(blocks, groups[best])
        alone = sum(value is None for value in rows.values)
        notes = []
        if alone:
            notes.append(
                f"{counted(alone, 'row')} without {rows.column!r}: each a group of its own"
            )
        lost = int(((counts.sum(0) > 0) & (counts[best].sum(0) == counts.sum(0))).sum())
        if lost and rows.classes:
            notes.append(
                f"{counted(lost, 'class', 'classes')} only in groups that are held out: nothing "
                "is learned of them"
            )
        how = f"all those of {len(best)} of {len(groups)} values of {rows.column!r}, drawn"
        return Split(test, how, blocks=blocks, alike=True, notes=tuple(notes))


def _counts(rows: SplitRows, place: np.ndarray, n_groups: int) -> np.ndarray:
    """Return how many labelled rows of each stratum each group has: (groups, strata)."""
    strata = np.zeros(rows.total, np.int64)
    if rows.strata is not None:
        strata = np.unique(rows.strata[rows.labeled], return_inverse=True)[1]
    counts = np.zeros((n_groups, int(strata.max(initial=0)) + 1), np.int64)
    np.add.at(counts, (place, strata), 1)
    return counts


def _draw(counts: np.ndarray, fraction: float, order: np.ndarray) -> np.ndarray:
    """Return the first groups of an order that come nearest to a share of the rows."""
    sizes = counts.sum(1)[order].cumsum()
    most = len(order) - 1
    return np.sort(order[: 1 + int(np.abs(sizes[:most] - fraction * sizes[-1]).argmin())])


def _misfit(counts: np.ndarray, groups: np.ndarray, fraction: float) -> float:
    """Return how far a draw is from the wanted share, of all rows and of each stratum."""
    own, total = counts[groups].sum(0), counts.sum(0)
    size = abs(own.sum() / total.sum() - fraction)
    strata = np.abs(own / own.sum() - total / total.sum()).sum()
    return float(size + strata + (own == total).sum())
