"""From scores of rows to figures with paired intervals: the verdict's one way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..targets.base import TargetType
from ..verdict.comparison import ByRows, outcome_of
from .records import SIDES, ClassScore, Paired

_WORST = 10
"""Classes that are listed."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Compares scores of rows, higher being better, by side."""

    by: ByRows
    compared: bool = True
    """Whether a difference says anything: not where the rows were learned from."""

    def paired(self, scores: Mapping[str, np.ndarray]) -> Paired:
        """Return both sides and how they differ; one side where there is one."""
        chosen, other = SIDES
        stacked = {side: np.asarray(own, np.float64)[None] for side, own in scores.items()}
        found = self.by.compare(stacked, chosen, {})
        if other not in found:
            return Paired(found[chosen].score)
        gap = found[other].difference
        outcome = outcome_of(gap) if self.compared else "can't tell"
        return Paired(found[chosen].score, found[other].score, gap, outcome)


def class_scores(
    kind: TargetType,
    truth: np.ndarray,
    names: tuple[str, ...],
    clean: np.ndarray,
    attacked: np.ndarray | None,
    corrupted: np.ndarray | None,
) -> tuple[ClassScore, ...]:
    """Return what the rows of each class withstand, the weakest first."""
    if not (kind.exclusive and kind.metric.percent):
        return ()
    by = ByRows(kind.metric)
    found = []
    for place, name in enumerate(names):
        own = truth == place
        if own.sum() < 2:
            continue
        scores = [
            None if one is None else by.interval(np.asarray(one, np.float64)[None, own])
            for one in (clean, attacked, corrupted)
        ]
        assert scores[0] is not None
        found.append(ClassScore(name, int(own.sum()), scores[0], scores[1], scores[2]))

    def weakest(one: ClassScore) -> tuple[float, float]:
        worst = one.attacked or one.corrupted or one.clean
        return worst.value, (one.corrupted or one.clean).value

    return tuple(sorted(found, key=weakest)[:_WORST])
