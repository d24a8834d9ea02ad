"""Whether the other tasks helped one of several: its scores together and alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.typed import JsonObject
from ..domains.seen import Seen
from ..metrics.intervals import UNKNOWN, Interval, finite
from ..verdict.comparison import ByRows, outcome_of
from .read import OneTask


@dataclass(frozen=True)
class TaskVerdict:
    """Whether the other tasks helped one.

    Attributes
    ----------
    task, metric : str
    judged_rows, judged_groups : int
        Groups: whose rows may be alike, 0 where each row stands for itself.
    together : Interval
        Of the model that is stored.
    over_seeds : Interval or None
        Mean, least and most over seeds, where there are several.
    alone : float
        NaN where it was not learned alone, or no row is judged.
    difference : Interval or None
    outcome : {"helped", "hurt", "can't tell"}
    """

    task: str
    metric: str
    judged_rows: int
    together: Interval = UNKNOWN
    over_seeds: Interval | None = None
    alone: float = math.nan
    difference: Interval | None = None
    outcome: str = "can't tell"
    judged_groups: int = 0

    def to_json(self) -> JsonObject:
        """Return it as ``multitask.json`` holds it."""
        own, gap = self.together, self.difference
        found: JsonObject = {
            "task": self.task,
            "metric": self.metric,
            "judged_rows": self.judged_rows,
            "together": own.value if own.measured else None,
            "alone": None if math.isnan(self.alone) else self.alone,
            "difference": None if gap is None else gap.to_json(),
            "outcome": self.outcome,
        }
        if own.measured:
            found |= {"low": own.low, "high": own.high}
        if self.judged_groups:
            found["judged_groups"] = self.judged_groups
        if self.over_seeds is not None:
            found["over_seeds"] = self.over_seeds.to_json("mean")
        return found

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> TaskVerdict:
        """Return what `to_json` gave; groups and a spread over seeds may not be there."""
        return cls(
            task=found["task"],
            metric=found["metric"],
            judged_rows=found["judged_rows"],
            together=Interval.from_json(found, "together"),
            over_seeds=Interval.or_none(found.get("over_seeds"), "mean"),
            alone=finite(found["alone"]),
            difference=Interval.or_none(found["difference"]),
            outcome=found["outcome"],
            judged_groups=found.get("judged_groups", 0),
        )


def task_verdict(
    task: OneTask,
    truth: np.ndarray,
    together: Sequence[np.ndarray],
    alone: Sequence[np.ndarray],
    groups: np.ndarray | None = None,
    seen: Seen | None = None,
) -> TaskVerdict:
    """Return the verdict of one task.

    Parameters
    ----------
    task : OneTask
    truth : float ndarray (n,)
        NaN where unknown.
    together, alone : sequence of ndarray (n, outputs)
        One for each seed.
    groups : int ndarray (n,), optional
        Rows of one number may be alike: intervals go by groups.
    seen : Seen, optional
        Which rows to judge were learned from as well.
    """
    labeled = ~np.isnan(truth)
    if not labeled.any():
        return TaskVerdict(task.name, task.metric.name, 0)
    metric = task.metric
    by = ByRows(metric, task.scale(truth[labeled]), None if groups is None else groups[labeled])
    a = np.stack([task.score(x[labeled], truth[labeled]) for x in together])
    own = by.score(task.name, "chosen", "", a, stored=True)
    gap, other = None, math.nan
    if alone:
        b = np.stack([task.score(x[labeled], truth[labeled]) for x in alone])
        gap = by.difference(a[:1], b)
        other = metric.figure(float(b.mean()))
    return TaskVerdict(
        task=task.name,
        metric=metric.name,
        judged_rows=int(labeled.sum()),
        together=own.score,
        over_seeds=own.over_seeds,
        alone=other,
        difference=gap,
        outcome=outcome_of(gap, seen),
        judged_groups=by.n_groups,
    )
