"""What a stress test found, as records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..base.typed import JsonObject
from ..metrics.intervals import Interval
from ..verdict.records import gap_to_json

SIDES = ("chosen", "reference")


@dataclass(frozen=True)
class Paired:
    """A score of the run's model and of its reference, on the same rows.

    Attributes
    ----------
    chosen : Interval
    reference : Interval or None
    difference : Interval or None
        How much better the run's model is, paired by rows.
    outcome : str or None
        "helped", "hurt" or "can't tell"; None where nothing is compared.
    """

    chosen: Interval
    reference: Interval | None = None
    difference: Interval | None = None
    outcome: str | None = None

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {
            "chosen": self.chosen.to_json(),
            "reference": None if self.reference is None else self.reference.to_json(),
            "difference": gap_to_json(self.difference),
            "outcome": self.outcome,
        }


@dataclass(frozen=True)
class Level:
    """One size of changes, or one severity.

    Attributes
    ----------
    strength : float
    said : str
        In words.
    score : Paired
    """

    strength: float
    said: str
    score: Paired

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {"strength": self.strength, "said": self.said, **self.score.to_json()}


@dataclass(frozen=True)
class Tested:
    """One attack, or one corruption.

    Attributes
    ----------
    name, kind, summary : str
        `kind` is "attack" or "corruption".
    unit : str
        What strengths count.
    levels : tuple of Level
        Ascending.
    score : Paired
        Of an attack at the size that figures are about, of a corruption over all severities.
    at : str
        Which size that is, "" of a corruption.
    asks_gradients : bool
    """

    name: str
    kind: str
    summary: str
    unit: str
    levels: tuple[Level, ...]
    score: Paired
    at: str = ""
    asks_gradients: bool = False

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "summary": self.summary,
            "unit": self.unit,
            "at": self.at,
            "gradients": self.asks_gradients,
            "score": self.score.to_json(),
            "levels": [level.to_json() for level in self.levels],
        }


@dataclass(frozen=True)
class GradientCheck:
    """Whether what gradient attacks say of a model is to be believed.

    Attributes
    ----------
    model : str
        "chosen" or "reference".
    reliable : bool or None
        None where there is nothing to compare them with.
    reasons : tuple of str
        What speaks against them, with its figure.
    """

    model: str
    reliable: bool | None
    reasons: tuple[str, ...] = ()

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {"model": self.model, "reliable": self.reliable, "reasons": list(self.reasons)}


@dataclass(frozen=True)
class ClassScore:
    """What the rows of one class withstand.

    Attributes
    ----------
    name : str
    n : int
    clean : Interval
    attacked : Interval or None
        Under the worst of all attacks.
    corrupted : Interval or None
        Over all corruptions.
    """

    name: str
    n: int
    clean: Interval
    attacked: Interval | None = None
    corrupted: Interval | None = None

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {
            "class": self.name,
            "n": self.n,
            "clean": self.clean.to_json(),
            "attacked": None if self.attacked is None else self.attacked.to_json(),
            "corrupted": None if self.corrupted is None else self.corrupted.to_json(),
        }


@dataclass(frozen=True)
class Shown:
    """One row before and after.

    Attributes
    ----------
    name : str
    how : str
        By what it was changed.
    pictures : tuple of (str, str)
        Data URIs and what they show.
    lines : tuple of (str, str)
    kind : str
        "attack" or "corruption".
    """

    name: str
    how: str
    kind: str
    pictures: tuple[tuple[str, str], ...] = ()
    lines: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> JsonObject:
        """Return plain values, pictures left out."""
        return {"name": self.name, "how": self.how, "kind": self.kind, "lines": dict(self.lines)}


@dataclass(frozen=True)
class Certificate:
    """What the smoothed models are certified for.

    Attributes
    ----------
    sigma : float
        Standard deviation of the noise, where white is 1.
    selection, draws : int
        Noisy copies by which a row's class is chosen, and by which its radius is bounded.
    alpha : float
        How rarely a row's radius is too large.
    levels : tuple of Level
        Share of rows that are right and certified, by the L2 radius; the first is 0.
    abstained : mapping of float
        Share of rows without an answer, by side.
    """

    sigma: float
    selection: int
    draws: int
    alpha: float
    levels: tuple[Level, ...]
    abstained: Mapping[str, float]

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {
            **{key: getattr(self, key) for key in ("sigma", "selection", "draws", "alpha")},
            "abstained": dict(self.abstained),
            "levels": [level.to_json() for level in self.levels],
        }


@dataclass(frozen=True)
class StressResult:
    """What a run's model withstands, beside its reference.

    Attributes
    ----------
    run, data : str
    method, reference : str
        In words; `reference` is "" where the run keeps none.
    metric : str
    percent, lower_is_better : bool
        How its figures are read.
    rows, of : int
        How many rows were tested, of how many that could be judged.
    clean : Paired
        Without any change.
    attacked : Paired or None
        What stays right under every attack that both models can be given.
    corrupted : Paired or None
        Mean over corruptions and severities.
    tests : tuple of Tested
    checks : tuple of GradientCheck
    classes : tuple of ClassScore
        Of the run's model, the weakest first.
    shown : tuple of Shown
    certificate : Certificate or None
        Of smoothed models, where that was asked for.
    skipped : mapping of str
        What was not done, by name, and why.
    notes : tuple of str
    headline, sentence : str
    cpu_s, budget_s : float
    """

    run: str
    data: str
    method: str
    reference: str
    metric: str
    percent: bool
    lower_is_better: bool
    rows: int
    of: int
    clean: Paired
    attacked: Paired | None = None
    corrupted: Paired | None = None
    tests: tuple[Tested, ...] = ()
    checks: tuple[GradientCheck, ...] = ()
    classes: tuple[ClassScore, ...] = ()
    shown: tuple[Shown, ...] = ()
    certificate: Certificate | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    headline: str = ""
    sentence: str = ""
    cpu_s: float = 0.0
    budget_s: float = 0.0

    def of_kind(self, kind: str) -> Sequence[Tested]:
        """Return attacks, or corruptions."""
        return [one for one in self.tests if one.kind == kind]

    def to_json(self) -> JsonObject:
        """Return plain values."""
        found: JsonObject = {
            "format": 1,
            **{
                key: getattr(self, key)
                for key in (
                    *("run", "data", "method", "reference", "metric", "rows", "of"),
                    *("headline", "sentence", "cpu_s", "budget_s"),
                )
            },
        }
        for key in ("clean", "attacked", "corrupted", "certificate"):
            own = getattr(self, key)
            found[key] = None if own is None else own.to_json()
        for key in ("tests", "checks", "classes", "shown"):
            found[key] = [one.to_json() for one in getattr(self, key)]
        return {**found, "skipped": dict(self.skipped), "notes": list(self.notes)}
