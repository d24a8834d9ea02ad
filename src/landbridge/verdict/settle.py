"""What would settle a verdict that cannot be told: which rows, how many labels, and whether here.

Labels matter only on rows that the two methods answer differently, so those are named. Numbers
are ranges: how far apart the two are is not known, else there were nothing to settle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..metrics.intervals import labels_needed, pairs_needed
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


def settled_by(
    gap: dict[str, Any],
    a: np.ndarray,
    b: np.ndarray,
    metric: PrimaryMetric,
    unlabelled: Unlabelled | None = None,
) -> dict[str, Any] | None:
    """Return what would settle a difference that was measured on n rows.

    Parameters
    ----------
    gap : dict
        "mean", "low", "high".
    a, b : ndarray (seeds, n)
        Scores of both.
    unlabelled : Unlabelled, optional
        None where it is not known how many rows have no label.

    Returns
    -------
    dict or None
        "low" and "high": how many labelled rows, drawn at random, *in addition* to the "judged"
        ones; "rows_left": how many there are; "possible": whether they are enough (None where
        that depends on where in the range it lies, or is not known); "differ", "among", "rows":
        how many of which rows the two answer differently, and these rows. None where the two
        answer nothing differently.
    """
    apart = a.astype(np.float64) - b
    n = apart.shape[1]
    near, far = abs(gap["mean"]), max(abs(gap[key]) for key in ("low", "high"))
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
    found = _range(max(1, least - n), max(1, most - n), n, unlabelled)
    if metric.percent and unlabelled is not None and unlabelled.count:
        found |= _apart(unlabelled.apart, "rows without a label")
    return found


def settled_without_labels(unlabelled: Unlabelled) -> dict[str, Any] | None:
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
    found = _range(least, most, 0, unlabelled)
    return found | _apart(unlabelled.apart, "target rows")


def labels_to_settle(gap: float, disagreement: float) -> int | None:
    """Return how many labelled examples would settle such a difference, None for never.

    A paired test of level 5 % and power 80 % where the two methods disagree on a share
    `disagreement` of the examples. A difference under half a point counts as half a point.
    """
    if disagreement <= 0:
        return None
    size = min(max(abs(gap), 0.005), disagreement)
    return int(labels_needed(size, disagreement))


def within_reach(settle: dict[str, Any] | None) -> int | None:
    """Return how many further labels settle it with the rows at hand; None where they cannot."""
    if settle is None or settle["possible"] is False:
        return None
    most, left = settle["high"], settle["rows_left"]
    return int(most if left is None else min(most, left))


def _range(least: int, most: int, judged: int, unlabelled: Unlabelled | None) -> dict[str, Any]:
    left = None if unlabelled is None else unlabelled.count
    possible: bool | None = None
    if left is not None:
        possible = True if most <= left else False if least > left else None
    return {
        "low": least,
        "high": most,
        "in_addition": judged > 0,
        "judged": judged,
        "rows_left": left,
        "possible": possible,
        "differ": None,
        "among": None,
        "rows": [],
    }


def _apart(rows: Sequence[tuple[int, str]], among: str) -> dict[str, Any]:
    named = [{"row": int(row), "name": str(name)} for row, name in rows[:MOST_NAMED]]
    return {"differ": len(rows), "among": among, "rows": named}


def _pairs(size: float, spread: float) -> int | None:
    return pairs_needed(size, spread) if spread > 0 and size > 0 else None
