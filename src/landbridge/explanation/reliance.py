"""What answers rest on over many rows, and what they rest on in the source alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..base.formatting import percent
from ..base.typed import JsonObject
from ..metrics.estimates import mean_interval
from ..metrics.intervals import Interval

_LEAST = 0.12
"""Share of what speaks for answers from which on they rely on something."""
_TIMES = 4.0
"""How many times less of it the target has where it counts as lacking."""
_SIGMAS = 3.0
_FEWEST = 8
"""Rows of a side from which on sides are compared."""


@dataclass(frozen=True)
class Reliance:
    """How much of what speaks for the answers is of one unit, over rows of a side.

    Attributes
    ----------
    key : str
        A column, a word, a place in the image, a band.
    share : Interval
    rows : int
        In how many rows it speaks for the answer.
    """

    key: str
    share: Interval
    rows: int

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {"unit": self.key, "share": self.share.to_json(), "rows": self.rows}


@dataclass(frozen=True)
class Shortcut:
    """Something that answers rest on in the source, and that the target does not have."""

    key: str
    source: float
    target: float

    def sentence(self) -> str:
        """Say it as a warning."""
        return (
            f"on the source the model relies on {self.key!r} ({percent(self.source, 0)} of what "
            f"speaks for its answers), which the target does not have ({percent(self.target, 0)})"
        )

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {
            "unit": self.key,
            "source": round(self.source, 4),
            "target": round(self.target, 4),
            "sentence": self.sentence(),
        }


def shares(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the share of each unit in what speaks for a row's answer.

    Examples
    --------
    >>> shares({"age": 3.0, "sex": 1.0, "chol": -2.0})
    {'age': 0.75, 'sex': 0.25, 'chol': 0.0}
    """
    total = sum(max(0.0, score) for score in scores.values())
    return {key: max(0.0, score) / total if total > 0 else 0.0 for key, score in scores.items()}


def table_of(rows: Sequence[Mapping[str, float]]) -> tuple[list[str], np.ndarray]:
    """Return all keys and their shares, (rows, keys); 0 where a row does not have one."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    place = {key: i for i, key in enumerate(keys)}
    table = np.zeros((len(rows), len(keys)))
    for own, row in zip(table, rows, strict=True):
        for key, score in shares(row).items():
            own[place[key]] = score
    return keys, table


def reliance(rows: Sequence[Mapping[str, float]], most: int = 12) -> list[Reliance]:
    """Return what answers rest on most, with intervals over rows.

    Parameters
    ----------
    rows : sequence of mapping
        Of each row its scores by key.
    most : int
    """
    if not rows:
        return []
    keys, table = table_of(rows)
    order = np.argsort(-table.mean(0), kind="stable")[:most]
    return [
        Reliance(keys[i], mean_interval(table[:, i]), int((table[:, i] > 0).sum()))
        for i in order
        if table[:, i].any()
    ]


def shortcuts(
    source: Sequence[Mapping[str, float]], target: Sequence[Mapping[str, float]]
) -> list[Shortcut]:
    """Return what answers rest on in the source alone, the most first.

    It has at least an eighth of what speaks for answers there, a quarter of that or less in the
    target, and the difference is three standard errors wide.
    """
    if min(len(source), len(target)) < _FEWEST:
        return []
    keys, table = table_of([*source, *target])
    ours, theirs = table[: len(source)], table[len(source) :]
    means = ours.mean(0), theirs.mean(0)
    error = np.sqrt(ours.var(0, ddof=1) / len(ours) + theirs.var(0, ddof=1) / len(theirs))
    gap = means[0] - means[1]
    alone = (means[0] >= _LEAST) & (means[0] >= _TIMES * means[1]) & (gap > _SIGMAS * error)
    found = [
        Shortcut(keys[i], float(means[0][i]), float(means[1][i])) for i in np.flatnonzero(alone)
    ]
    return sorted(found, key=lambda one: -one.source)
