"""What answers rest on before and after a transfer, row by row: which features gained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..base.typed import JsonObject
from ..metrics.estimates import mean_interval
from ..metrics.intervals import Interval
from .reliance import table_of


@dataclass(frozen=True)
class Gain:
    """How much more of what speaks for the answers is of one unit after the transfer.

    Attributes
    ----------
    key : str
    before, after : float
        Its share, on average over rows.
    change : Interval
        After minus before, of the same rows.
    """

    key: str
    before: float
    after: float
    change: Interval

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {
            "unit": self.key,
            "before": round(self.before, 4),
            "after": round(self.after, 4),
            "change": self.change.to_json(),
        }


def gains(
    before: Sequence[Mapping[str, float]], after: Sequence[Mapping[str, float]], most: int = 8
) -> list[Gain]:
    """Return the units whose share changed most, by scores of the same rows on both sides.

    Examples
    --------
    >>> found = gains([{"a": 1.0, "b": 1.0}] * 3, [{"a": 3.0, "b": 1.0}] * 3)
    >>> [(one.key, one.before, one.after) for one in found]
    [('a', 0.5, 0.75), ('b', 0.5, 0.25)]
    """
    if len(before) != len(after):
        raise ValueError(f"{len(before)} rows before and {len(after)} after")
    if not before:
        return []
    keys, table = table_of([*before, *after])
    was, now = table[: len(before)], table[len(before) :]
    gap = now - was
    order = np.argsort(-np.abs(gap.mean(0)), kind="stable")[:most]
    return [
        Gain(
            keys[i],
            float(was[:, i].mean()),
            float(now[:, i].mean()),
            mean_interval(gap[:, i], share=False, scale=1.0),
        )
        for i in order
        if np.abs(gap[:, i]).any()
    ]


@dataclass(frozen=True)
class ClassGain:
    """Of one class's judged rows, how many are right before and after."""

    name: str
    rows: int
    before: int
    after: int

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return dict(self.__dict__)


def class_gains(
    truth: Sequence[str], before: Sequence[str], after: Sequence[str]
) -> list[ClassGain]:
    """Return classes by how many more of their rows are right, the most first.

    Examples
    --------
    >>> [one.name for one in class_gains(["a", "b", "b"], ["b", "b", "a"], ["a", "a", "a"])]
    ['a', 'b']
    """
    names = sorted(set(truth))
    found = [
        ClassGain(
            name,
            sum(t == name for t in truth),
            sum(t == name == b for t, b in zip(truth, before, strict=True)),
            sum(t == name == a for t, a in zip(truth, after, strict=True)),
        )
        for name in names
    ]
    return sorted(found, key=lambda one: (one.before - one.after, one.name))
