"""Whether learning together helped each client, on the client's own sealed rows.

Every client is a question of its own: with twenty of them chance alone would call one harmed.
Intervals are therefore corrected for their number by Holm's steps (1979, Scand. J. Stat. 6): the
clearest difference is held to 1 − 0.05/m, the next one to 1 − 0.05/(m − 1), until one is unclear,
and that and all that follow are held to the level where it failed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..base.typed import JsonObject
from ..domains.sealed import SealedLabels
from ..domains.seen import Seen
from ..metrics.intervals import UNKNOWN, Interval
from ..targets.codec import TargetCodec
from .comparison import ByRows, outcome_of
from .evaluate import open_labels

FEDERATED = "federated"
LOCAL, POOLED, SOURCE = "local", "pooled", "source"
WORDS = {
    FEDERATED: "together",
    LOCAL: "alone",
    POOLED: "all rows in one place",
    SOURCE: "the source as it is",
}
"""What models are called."""
ERROR = 0.05


@dataclass(frozen=True)
class ClientOutputs:
    """What models answered to a client's rows to judge.

    Attributes
    ----------
    name : str
    sealed : SealedLabels or None
        None: nothing can be judged there.
    outputs : mapping of ndarray, shape (seeds, n, outputs)
        Of "federated", "local" and whatever else there is; the first seed is stored.
    rows : int
        Labelled rows that it learned from.
    kept : str
        Which of them the client keeps.
    why : str
        By what that was chosen.
    groups : int ndarray, shape (n,), optional
        Rows of one number may be alike.
    seen : Seen, optional
    """

    name: str
    sealed: SealedLabels | None
    outputs: Mapping[str, np.ndarray]
    rows: int = 0
    kept: str = FEDERATED
    why: str = ""
    groups: np.ndarray | None = None
    seen: Seen | None = None


@dataclass(frozen=True)
class ClientVerdict:
    """What is said of one client.

    Attributes
    ----------
    name, metric : str
    rows, judged_rows, judged_groups : int
    kept, why : str
    scores : dict of Interval
        Of each model.
    against : dict of Interval
        How much better federated is than each other model, corrected for many clients.
    kept_gain : Interval or None
        How much better what is kept is than local; corrected as well.
    outcome : {"helped", "hurt", "can't tell"}
        Of federated against local.
    seen : str
        Which judged rows were learned from as well, "" where none.
    """

    name: str
    metric: str
    rows: int
    judged_rows: int = 0
    judged_groups: int = 0
    kept: str = FEDERATED
    why: str = ""
    scores: dict[str, Interval] = field(default_factory=dict)
    against: dict[str, Interval] = field(default_factory=dict)
    kept_gain: Interval | None = None
    outcome: str = "can't tell"
    seen: str = ""

    def to_json(self) -> JsonObject:
        """Return plain values."""
        gain = self.kept_gain
        return {
            "client": self.name,
            "metric": self.metric,
            "rows": self.rows,
            "judged_rows": self.judged_rows,
            "judged_groups": self.judged_groups,
            "kept": self.kept,
            "why": self.why,
            "scores": {name: own.to_json() for name, own in self.scores.items()},
            "against": {
                name: {**own.to_json(), "level": own.level} for name, own in self.against.items()
            },
            "kept_gain": None if gain is None else {**gain.to_json(), "level": gain.level},
            "outcome": self.outcome,
            "seen": self.seen,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> ClientVerdict:
        """Return what `to_json` gave."""
        return cls(
            name=found["client"],
            metric=found["metric"],
            rows=found["rows"],
            judged_rows=found["judged_rows"],
            judged_groups=found["judged_groups"],
            kept=found["kept"],
            why=found["why"],
            scores={name: Interval.from_json(own) for name, own in found["scores"].items()},
            against={name: Interval.from_json(own) for name, own in found["against"].items()},
            kept_gain=None
            if found["kept_gain"] is None
            else Interval.from_json(found["kept_gain"]),
            outcome=found["outcome"],
            seen=found["seen"],
        )


def judge_clients(clients: Sequence[ClientOutputs], codec: TargetCodec) -> list[ClientVerdict]:
    """Open each client's sealed labels and compare, corrected for the number of clients."""
    scored = [_scored(one, codec) for one in clients]
    others = sorted({name for own in scored for name in own.scores} - {FEDERATED})
    against = {
        other: _corrected([_pair(own, FEDERATED, other) for own in scored]) for other in others
    }
    kept = _corrected([_pair(own, own.of.kept, LOCAL) for own in scored])
    return [
        _verdict(own, codec, {other: gaps[i] for other, gaps in against.items()}, kept[i])
        for i, own in enumerate(scored)
    ]


@dataclass(frozen=True)
class _Scored:
    of: ClientOutputs
    by: ByRows
    scores: Mapping[str, np.ndarray]


Gap = Callable[[float], Interval]
"""From a level to the interval of a difference."""


def _scored(one: ClientOutputs, codec: TargetCodec) -> _Scored:
    kind = codec.target_type
    if one.sealed is None or not one.outputs:
        return _Scored(one, ByRows(kind.metric), {})
    truth = open_labels(one.sealed, codec.classes, kind)
    if not truth.has.any():
        return _Scored(one, ByRows(kind.metric), {})
    index = truth.index[truth.has]
    by = ByRows(
        kind.metric, kind.spread(index), None if one.groups is None else one.groups[truth.has]
    )
    scores = {
        name: np.stack(
            [kind.metric.score(codec.transform(own[truth.has]), index) for own in seeds]
        ).astype(float)
        for name, seeds in one.outputs.items()
    }
    return _Scored(one, by, scores)


def _pair(own: _Scored, a: str, b: str) -> Gap | None:
    if a not in own.scores or b not in own.scores or a == b:
        return None
    first, second = own.scores[a][:1], own.scores[b]
    return lambda level: own.by.difference(first, second, level)


def _corrected(gaps: Sequence[Gap | None]) -> list[Interval | None]:
    """Return Holm's intervals; None where there is nothing to compare.

    Examples
    --------
    >>> from landbridge.metrics.estimates import paired_interval
    >>> right, wrong = np.ones(40), np.zeros(40)
    >>> def gap(a, b):
    ...     return lambda level: paired_interval(a, b, level=level)
    >>> [found.level for found in _corrected([gap(right, wrong), gap(right, right)])]
    [0.975, 0.95]
    """
    there = [i for i, gap in enumerate(gaps) if gap is not None]
    found: list[Interval | None] = [None] * len(gaps)

    def at(i: int, level: float) -> Interval:
        gap = gaps[i]
        assert gap is not None
        return gap(level)

    p = {i: at(i, 1 - ERROR).p for i in there}
    order = sorted(there, key=lambda i: (1.0 if p[i] is None else p[i], i))
    failed: float | None = None
    for rank, i in enumerate(order):
        level = 1 - ERROR / (len(order) - rank) if failed is None else failed
        found[i] = interval = at(i, level)
        if failed is None and interval.low <= 0 <= interval.high:
            failed = level
    return found


def _verdict(
    own: _Scored,
    codec: TargetCodec,
    against: Mapping[str, Interval | None],
    kept: Interval | None,
) -> ClientVerdict:
    one, by = own.of, own.by
    sealed = 0 if one.sealed is None else one.sealed.count
    return ClientVerdict(
        name=one.name,
        metric=codec.target_type.metric.name,
        rows=one.rows,
        judged_rows=sealed if own.scores else 0,
        judged_groups=by.n_groups,
        kept=one.kept,
        why=one.why,
        scores={name: by.interval(scores[:1]) for name, scores in own.scores.items()},
        against={name: gap for name, gap in against.items() if gap is not None},
        kept_gain=kept,
        outcome=outcome_of(against.get(LOCAL), one.seen),
        seen="" if one.seen is None else one.seen.sentence(),
    )


def mean_gain(verdicts: Sequence[ClientVerdict], other: str = LOCAL) -> Interval:
    """Return the mean over clients of the gain, each client counting the same.

    The interval is Student's over clients: what another client may expect.
    """
    gains = np.array([one.against[other].value for one in verdicts if other in one.against])
    if not len(gains):
        return UNKNOWN
    value = float(gains.mean())
    if len(gains) == 1:
        return Interval(value, math.nan, math.nan)
    from scipy.special import stdtrit

    half = float(stdtrit(len(gains) - 1, 0.975) * gains.std(ddof=1) / np.sqrt(len(gains)))
    return Interval(value, value - half, value + half)
