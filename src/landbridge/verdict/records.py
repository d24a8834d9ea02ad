"""What a verdict says, as records: the one place that writes ``verdict.json`` and reads it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..base.typed import JsonObject
from ..domains.seen import Seen
from ..metrics.intervals import UNKNOWN, Interval, finite
from ..targets.base import TargetType
from ..targets.registry import multiclass, stored_target_type
from .settle import Settle


@dataclass(frozen=True)
class MethodScore:
    """What one method scores on the judged rows.

    Attributes
    ----------
    method : str
    role : {"chosen", "baseline"}
    what : str
        In plain words.
    score : Interval
        NaN where there are no labels to judge by.
    per_seed : tuple of float
    over_seeds : Interval or None
        Mean, least and most over seeds, where there are several.
    figures : mapping or None
        Further figures, or label-free scores.
    difference : Interval or None
        Of a baseline: how much better the chosen method is, with its "p".
    """

    method: str
    role: str = "baseline"
    what: str = ""
    score: Interval = UNKNOWN
    per_seed: tuple[float, ...] = ()
    over_seeds: Interval | None = None
    figures: Mapping[str, float | None] | None = None
    difference: Interval | None = None

    def to_json(self) -> JsonObject:
        """Return it as ``verdict.json`` holds the chosen method's."""
        found: JsonObject = {"method": self.method, "role": self.role, "what": self.what}
        found |= {key: _or_none(value) for key, value in self.score.to_json("mean").items()}
        found["per_seed"] = list(self.per_seed)
        if self.over_seeds is not None:
            found["over_seeds"] = self.over_seeds.to_json("mean")
        if self.figures is not None:
            found["figures"] = dict(self.figures)
        return found

    @classmethod
    def from_json(cls, found: Any) -> MethodScore:
        """Return what `to_json` gave, also of an older version."""
        get = _object(found).get
        figures = get("figures")
        return cls(
            method=_text(get("method")),
            role=_text(get("role")),
            what=_text(get("what")),
            score=Interval.from_json(found, "mean"),
            per_seed=tuple(v for v in map(finite, get("per_seed") or ()) if not math.isnan(v)),
            over_seeds=Interval.or_none(_object(get("over_seeds")), "mean"),
            figures={str(k): v for k, v in figures.items()} if isinstance(figures, dict) else None,
            difference=Interval.or_none(_object(get("difference")), "mean"),
        )


@dataclass(frozen=True)
class Calibration:
    """How far the stored model's probabilities hold.

    Attributes
    ----------
    ece, ece_by_chance, brier, log_loss, confidence : float
        `confidence` is their mean; `ece_by_chance` what as many rows of a perfect model show.
    before : Calibration or None
        Error and confidence of the scores as they were, without the temperature.
    """

    ece: float = math.nan
    ece_by_chance: float = math.nan
    brier: float = math.nan
    log_loss: float = math.nan
    confidence: float = math.nan
    before: Calibration | None = None

    def to_json(self) -> JsonObject:
        """Return it as ``verdict.json`` holds it."""
        before = self.before
        found = asdict(self)
        del found["before"]
        own = None if before is None else {"ece": before.ece, "confidence": before.confidence}
        return {"before": own, **found}

    @classmethod
    def from_json(cls, found: Any) -> Calibration | None:
        """Return what `to_json` gave; None where there is none."""
        own = _object(found)
        names = ("ece", "ece_by_chance", "brier", "log_loss", "confidence")
        figures = {name: finite(own.get(name)) for name in names}
        return cls(**figures, before=cls.from_json(own.get("before"))) if own else None


@dataclass(frozen=True)
class Chosen:
    """How the method was chosen, and what spoke for it on rows that the verdict does not see.

    Attributes
    ----------
    kind : {"given", "only", "default", "label-free", "cross-validation"}
    compared : int
        How many methods.
    rows : int
        Of a cross-validation, as the next two.
    value, reference_value : float or None
        Of the chosen method and of the reference.
    """

    kind: str
    compared: int = 0
    rows: int = 0
    value: float | None = None
    reference_value: float | None = None

    def to_json(self) -> JsonObject:
        """Return it as ``verdict.json`` holds it."""
        found = asdict(self)
        return found if self.kind == "cross-validation" else {k: found[k] for k in _UNCOMPARED}


_UNCOMPARED = ("kind", "compared")


@dataclass(frozen=True)
class Temperature:
    """By what the stored model's scores are divided before they become probabilities.

    Attributes
    ----------
    value : float
        1 where nothing is known.
    how : str
        What it rests on, in words.
    expected : float or None
        Share of the target's rows that are answered rightly, as estimated without their labels.
    """

    value: float = 1.0
    how: str = ""
    expected: float | None = None

    def to_json(self) -> JsonObject:
        """Return it as ``verdict.json`` holds it."""
        return {"value": self.value, "how": self.how, "expected_accuracy": self.expected}

    @classmethod
    def from_json(cls, found: Any) -> Temperature | None:
        """Return what `to_json` gave; None where there is none."""
        own = _object(found)
        return cls(own["value"], own["how"], own["expected_accuracy"]) if own else None


@dataclass(frozen=True)
class Verdict:
    """Whether the transfer helped.

    Attributes
    ----------
    kind : {"judged", "cross-validated", "label-free"}
    outcome : {"helped", "hurt", "can't tell"}
    target_type : TargetType
        What kind of label there is.
    metric : str or None
    lower_is_better : bool
    reference : str or None
        The baseline that the outcome is about.
    judged_rows, lone_rows : int
        Rows that were judged; labelled ones that were not, each the only one of its class.
    judged_groups : int
        Of how many groups (patients, sites) they are, where intervals go by groups; else 0.
    seeds : tuple of int
    stored_seed : int or None
    seeds_note : str
    chosen : MethodScore
    baselines : tuple of MethodScore
    difference, difference_over_seeds : Interval or None
        How much better the stored model is than the reference, and how much the chosen method.
    disagreement : float
        Without labels: the share of rows that the chosen method and the reference answer apart.
    settle : Settle or None
        What would decide what can't be told.
    labels_to_settle : int or None
        Its labels, where the rows at hand are enough; older versions said nothing else.
    assumption : str or None
    calibration : Calibration or None
    unseen_classes : tuple of str
    seen : Seen or None
        Rows to judge that were learned from as well.
    choice : Chosen or None
    sentence : str
    temperature : Temperature or None
    """

    kind: str
    outcome: str
    chosen: MethodScore
    target_type: TargetType = field(default_factory=multiclass)
    metric: str | None = None
    lower_is_better: bool = False
    reference: str | None = None
    judged_rows: int = 0
    judged_groups: int = 0
    lone_rows: int = 0
    seeds: tuple[int, ...] = ()
    stored_seed: int | None = None
    seeds_note: str = ""
    baselines: tuple[MethodScore, ...] = ()
    difference: Interval | None = None
    difference_over_seeds: Interval | None = None
    disagreement: float = 0.0
    settle: Settle | None = None
    labels_to_settle: int | None = None
    assumption: str | None = None
    calibration: Calibration | None = None
    unseen_classes: tuple[str, ...] = ()
    seen: Seen | None = None
    choice: Chosen | None = None
    sentence: str = ""
    temperature: Temperature | None = None

    @property
    def scores(self) -> tuple[MethodScore, ...]:
        """The chosen method's, then the baselines'; what a damaged file does not name is not."""
        return tuple(one for one in (self.chosen, *self.baselines) if one.method)

    def baseline(self, method: str | None) -> MethodScore | None:
        """Return the baseline of this name."""
        return next((one for one in self.baselines if one.method == method), None)

    def to_json(self) -> JsonObject:
        """Return what ``verdict.json`` holds of this kind of verdict."""
        found = {key: _plain(getattr(self, key)) for key in _KEYS[self.kind]}
        found["baselines"] = [
            {**one.to_json(), "difference": gap_to_json(one.difference)} for one in self.baselines
        ]
        if self.judged_groups:
            found["judged_groups"] = self.judged_groups
        own = self.temperature
        return found if own is None else found | {"temperature": own.to_json()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Verdict:
        """Return what a ``verdict.json`` of this or an older version says; {} is no verdict."""
        get = found.get
        labels, stored = get("labels_to_settle"), get("stored_seed")
        return cls(
            kind=_text(get("kind")),
            outcome=_text(get("outcome")),
            target_type=stored_target_type(found),
            metric=_text(get("metric")) or None,
            lower_is_better=bool(get("lower_is_better")),
            reference=_text(get("reference")) or None,
            judged_rows=_count(get("judged_rows")),
            judged_groups=_count(get("judged_groups")),
            lone_rows=_count(get("lone_rows")),
            seeds=tuple(get("seeds") or ()),
            stored_seed=stored if isinstance(stored, int) else None,
            seeds_note=_text(get("seeds_note")),
            chosen=MethodScore.from_json(get("chosen")),
            baselines=tuple(map(MethodScore.from_json, filter(None, get("baselines") or ()))),
            difference=Interval.or_none(_object(get("difference")), "mean"),
            difference_over_seeds=Interval.or_none(_object(get("difference_over_seeds")), "mean"),
            disagreement=finite(get("disagreement")),
            settle=Settle.from_json(get("settle")),
            labels_to_settle=labels if isinstance(labels, int) else None,
            assumption=_text(get("assumption")) or None,
            calibration=Calibration.from_json(get("calibration")),
            unseen_classes=tuple(map(str, get("unseen_classes") or ())),
            seen=Seen.from_json(get("seen")),
            choice=Chosen(**choice) if (choice := _object(get("choice"))) else None,
            sentence=_text(get("sentence")),
            temperature=Temperature.from_json(get("temperature")),
        )


_FIRST = ("kind", "outcome", "target_type", "metric")
_COMPARED = ("chosen", "baselines", "difference")
_SETTLED = ("settle", "labels_to_settle", "assumption", "calibration", "unseen_classes")
_KEYS: dict[str, tuple[str, ...]] = {
    "judged": (
        *(*_FIRST, "lower_is_better", "reference", "judged_rows"),
        *("seeds", "stored_seed", "seeds_note", *_COMPARED, "difference_over_seeds"),
        *(*_SETTLED, "seen", "choice", "sentence"),
    ),
    "cross-validated": (
        *(*_FIRST, "lower_is_better", "reference", "judged_rows", "lone_rows", "seen"),
        *("seeds", "seeds_note", *_COMPARED, *_SETTLED, "sentence"),
    ),
    "label-free": (
        *(*_FIRST, "reference", "judged_rows", "seeds", "seeds_note", *_COMPARED),
        *("disagreement", *_SETTLED, "choice", "sentence"),
    ),
}
"""What ``verdict.json`` holds, in its order, by the kind of verdict."""


def gap_to_json(gap: Interval | None) -> JsonObject | None:
    """Return a difference, or a spread over seeds, as ``verdict.json`` holds it."""
    if gap is None:
        return None
    return {**gap.to_json("mean"), **({} if gap.p is None else {"p": gap.p})}


def _plain(value: Any) -> Any:
    if isinstance(value, Interval):
        return gap_to_json(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, TargetType):
        return value.name
    return value.to_json() if hasattr(value, "to_json") else value


def _object(found: Any) -> Mapping[str, Any]:
    if found is not None and not isinstance(found, Mapping):
        raise TypeError(f"{type(found).__name__} in the place of an object")
    return found or {}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _count(value: Any) -> int:
    number = finite(value)
    return 0 if math.isnan(number) else int(number)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
