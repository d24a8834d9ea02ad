"""Figures of a model of several modalities by which of them are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.typed import JsonObject
from ..metrics.intervals import Interval, finite
from ..targets.base import TargetType
from ..targets.registry import get_target_type
from .comparison import ByRows
from .records import gap_to_json


@dataclass(frozen=True)
class Masked:
    """Answers where some parts were taken away.

    Attributes
    ----------
    kept : tuple of str
        The parts that were left.
    rows : int ndarray (k,)
        Which rows were answered: those that have all of `kept`.
    values : float ndarray (seeds, k, outputs)
        Probabilities, or numbers in the label's units.
    """

    kept: tuple[str, ...]
    rows: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class SetScore:
    """The stored model's score where some parts are there.

    Attributes
    ----------
    parts : tuple of str
    rows : int
        Those that have these parts.
    score : Interval
    per_seed : tuple of float
    """

    parts: tuple[str, ...]
    rows: int
    score: Interval
    per_seed: tuple[float, ...]

    def to_json(self) -> JsonObject:
        """Return it as ``parts.json`` holds it."""
        found = {"parts": list(self.parts), "rows": self.rows, **self.score.to_json("mean")}
        return {**found, "per_seed": list(self.per_seed)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> SetScore:
        """Return what `to_json` gave."""
        each = tuple(map(finite, found.get("per_seed") or ()))
        names = tuple(map(str, found["parts"]))
        return cls(names, int(found["rows"]), Interval.from_json(found, "mean"), each)


@dataclass(frozen=True)
class PartScores:
    """What is scored by which parts are there.

    Attributes
    ----------
    parts : tuple of str
        All of them.
    metric : str
    rows : int
    present : mapping of str to int
        How many rows have each part.
    sets : tuple of SetScore
        Over the rows that have these parts, the others taken away.
    adds : tuple of (part, Interval)
        All parts less all but one, paired, on the rows that have all.
    """

    parts: tuple[str, ...]
    metric: str
    rows: int
    present: Mapping[str, int]
    sets: tuple[SetScore, ...]
    adds: tuple[tuple[str, Interval], ...]

    def to_json(self) -> JsonObject:
        """Return ``parts.json``."""
        return {
            "parts": list(self.parts),
            "metric": self.metric,
            "rows": self.rows,
            "present": dict(self.present),
            "sets": [one.to_json() for one in self.sets],
            "adds": [{"part": name, **(gap_to_json(gap) or {})} for name, gap in self.adds],
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> PartScores:
        """Return what `to_json` gave; {} is of one modality."""
        return cls(
            parts=tuple(map(str, found.get("parts") or ())),
            metric=str(found.get("metric") or ""),
            rows=int(found.get("rows") or 0),
            present=found.get("present") or {},
            sets=tuple(map(SetScore.from_json, found.get("sets") or ())),
            adds=tuple(
                (str(one["part"]), Interval.from_json(one, "mean"))
                for one in found.get("adds") or ()
            ),
        )


def part_scores(
    names: tuple[str, ...],
    answered: Sequence[Masked],
    truth: np.ndarray,
    has: np.ndarray,
    *,
    target_type: str | TargetType = "multiclass",
) -> PartScores:
    """Return the stored model's score for each set of parts, and what each part adds.

    Parameters
    ----------
    names : tuple of str
        All parts.
    answered : sequence of Masked
    truth : ndarray (n, ...)
        As `judge.Truth.index`.
    has : bool ndarray (n, parts)
        Which parts the rows themselves have.
    target_type : str or TargetType
    """
    by = ByRows(get_target_type(target_type).metric)
    scores = {
        one.kept: (one.rows, by.metric.score(one.values, truth[one.rows])) for one in answered
    }
    sets = []
    for kept, (rows, own) in scores.items():
        found = by.score("", "", "", own, stored=True)
        sets.append(SetScore(kept, len(rows), found.score, found.per_seed))
    adds = []
    full = scores.get(names)
    for name in names:
        rest = scores.get(tuple(other for other in names if other != name))
        if full is None or rest is None:
            continue
        shared = np.isin(rest[0], full[0])
        adds.append((name, by.difference(full[1][:1], rest[1][:1, shared])))
    present = {name: int(has[:, i].sum()) for i, name in enumerate(names)}
    return PartScores(names, by.metric.name, len(truth), present, tuple(sets), tuple(adds))
