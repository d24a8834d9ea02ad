"""What would settle a verdict that cannot be told: which rows, how many labels, and whether here.

Labels matter only on rows that the two methods answer differently, so those are named. Numbers
are ranges: how far apart the two are is not known, else there were nothing to settle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..base.typed import JsonObject
from ..metrics.intervals import Interval, labels_needed, pairs_needed
from ..targets.figures import PrimaryMetric

MOST_NAMED = 100
"""So many rows are named at most; their number is always said."""


@dataclass(frozen=True)
class Unlabelled:
    """The target's rows that have no label yet.

    Attributes
    ----------
    count : int
    apart : sequence of (row, name)
        Those of them that the stored model and the reference answer differently.
    """

    count: int
    apart: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True)
class Settle:
    """What would decide a comparison that can't be told.

    Attributes
    ----------
    low, high : int
        How many labelled rows, drawn at random, in addition to the judged ones.
    judged : int
    rows_left : int or None
        How many there are, where that is known.
    differ : int or None
        How many of them the two answer differently.
    among : str or None
        What kind of rows these are, in words.
    rows : tuple of (row, name)
        Those on which they differ.
    """

    low: int
    high: int
    judged: int = 0
    rows_left: int | None = None
    differ: int | None = None
    among: str | None = None
    rows: tuple[tuple[int, str], ...] = ()

    @property
    def in_addition(self) -> bool:
        """Whether rows were judged already."""
        return self.judged > 0

    @property
    def possible(self) -> bool | None:
        """Whether the rows are enough; None where that depends on the range, or is not known."""
        if self.rows_left is None or self.low <= self.rows_left < self.high:
            return None
        return self.high <= self.rows_left

    @property
    def labels(self) -> int | None:
        """How many further labels settle it with the rows at hand; None where they cannot."""
        if self.possible is False:
            return None
        return self.high if self.rows_left is None else min(self.high, self.rows_left)

    def to_json(self) -> JsonObject:
        """Return it as ``verdict.json`` holds it."""
        return {
            "low": self.low,
            "high": self.high,
            "in_addition": self.in_addition,
            "judged": self.judged,
            "rows_left": self.rows_left,
            "possible": self.possible,
            "differ": self.differ,
            "among": self.among,
            "rows": [{"row": row, "name": name} for row, name in self.rows],
        }

    @classmethod
    def from_json(cls, found: Any) -> Settle | None:
        """Return what `to_json` gave; None where there is none."""
        if not found:
            return None
        rows = tuple((one["row"], str(one["name"])) for one in found["rows"])
        names = ("low", "high", "judged", "rows_left", "differ", "among")
        return cls(**{name: found[name] for name in names}, rows=rows)


def settled_by(
    gap: Interval,
    a: np.ndarray,
    b: np.ndarray,
    metric: PrimaryMetric,
    unlabelled: Unlabelled | None = None,
) -> Settle | None:
    """Return what would settle a difference that was measured on n rows.

    Parameters
    ----------
    gap : Interval
    a, b : ndarray (seeds, n)
        Scores of both.
    unlabelled : Unlabelled, optional
        None where it is not known how many rows have no label.

    Returns
    -------
    Settle or None
        None where the two answer nothing differently.
    """
    apart = a.astype(np.float64) - b
    n = apart.shape[1]
    near, far = abs(gap.value), max(abs(gap.low), abs(gap.high))
    if metric.percent:
        disagreement = float(np.abs(apart).mean())
        least, most = labels_to_settle(far, disagreement), labels_to_settle(near, disagreement)
    else:
        spread = float(apart.mean(0).std())
        # A difference under a hundredth of the reference's error counts as a hundredth of it.
        smallest = abs(float(b.mean())) / 100
        least, most = (_pairs(max(size, smallest), spread) for size in (far, near))
    if least is None or most is None:
        return None
    left = None if unlabelled is None else unlabelled.count
    found = Settle(max(1, least - n), max(1, most - n), n, left)
    if metric.percent and unlabelled is not None and unlabelled.count:
        return _apart(found, unlabelled.apart, "rows without a label")
    return found


def settled_without_labels(unlabelled: Unlabelled) -> Settle | None:
    """Return what would settle a comparison of which no label is known at all.

    How far apart the two are lies between a tenth of the share of rows that they answer
    differently and all of it.
    """
    if not unlabelled.apart or not unlabelled.count:
        return None
    share = len(unlabelled.apart) / unlabelled.count
    least, most = labels_to_settle(share, share), labels_to_settle(share / 10, share)
    if least is None or most is None:
        return None
    found = Settle(least, most, rows_left=unlabelled.count)
    return _apart(found, unlabelled.apart, "target rows")


def labels_to_settle(gap: float, disagreement: float) -> int | None:
    """Return how many labelled examples would settle such a difference, None for never.

    A paired test of level 5 % and power 80 % where the two methods disagree on a share
    `disagreement` of the examples. A difference under half a point counts as half a point.
    """
    if disagreement <= 0:
        return None
    size = min(max(abs(gap), 0.005), disagreement)
    return int(labels_needed(size, disagreement))


def _apart(found: Settle, rows: Sequence[tuple[int, str]], among: str) -> Settle:
    named = tuple((int(row), str(name)) for row, name in rows[:MOST_NAMED])
    return replace(found, differ=len(rows), among=among, rows=named)


def _pairs(size: float, spread: float) -> int | None:
    return pairs_needed(size, spread) if spread > 0 and size > 0 else None
