"""What is planned and what was chosen, as records: the shapes of ``plan.json``, ``choice.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..base.typed import JsonObject


@dataclass(frozen=True)
class NotTried:
    """A method that was left out, and why."""

    method: str
    why: str

    def to_json(self) -> JsonObject:
        """Return it as both files hold it."""
        return {"method": self.method, "why": self.why}


def not_tried(found: Sequence[Mapping[str, Any]]) -> tuple[NotTried, ...]:
    """Read a list of what was left out."""
    return tuple(NotTried(row["method"], row["why"]) for row in found)


@dataclass(frozen=True)
class PlannedFit:
    """The fits of one method.

    Attributes
    ----------
    method : str
    role : {"baseline", "candidate", "chosen"}
    seeds : tuple of int
    steps : int
        Of each fit; 0 without gradients.
    seconds : float
        That one fit is estimated to take.
    why : str
        What it is there for.
    """

    method: str
    role: str
    seeds: tuple[int, ...]
    steps: int
    seconds: float = 0.0
    why: str = ""

    def to_json(self) -> JsonObject:
        """Return it as ``plan.json`` holds it."""
        return {**self.__dict__, "seeds": list(self.seeds)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> PlannedFit:
        """Return what `to_json` gave."""
        get = found.get
        return cls(
            *(found["method"], found["role"], tuple(found["seeds"]), found["steps"]),
            *(get("seconds", 0.0), get("why", "")),
        )


@dataclass(frozen=True)
class Candidate:
    """What speaks for a method that was compared.

    Attributes
    ----------
    method : str
    figures : mapping
        Scores by name.
    gated : str or None
        Why it is out of the question.
    rank : float or None
        1 is the best.
    cost : mapping
        "steps" of a fit and "cpu_s"; {} where it failed.
    """

    method: str
    figures: Mapping[str, Any]
    gated: str | None = None
    rank: float | None = None
    cost: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return it as ``choice.json`` holds it."""
        return {
            "method": self.method,
            "figures": self.figures,
            "gated": self.gated,
            "rank": self.rank,
            **self.cost,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Candidate:
        """Return what `to_json` gave."""
        own = dict(found)
        names = ("method", "figures", "gated", "rank")
        method, figures, gated, rank = (own.pop(name, None) for name in names)
        return cls(method, figures or {}, gated, rank, own)


@dataclass(frozen=True)
class Finding:
    """Whether something is the case with the data, and how that shows."""

    found: bool
    reason: str


@dataclass(frozen=True)
class Choice:
    """Which method, and why.

    Attributes
    ----------
    method : str
    kind : {"given", "only", "default", "label-free", "cross-validation"}
    reason : str
    kept_reference : bool
        Whether it is one that adapts nothing.
    candidates : tuple of Candidate
        The best first; () where nothing was compared.
    not_tried : tuple of NotTried
    clusters, label_shift : Finding or None
        What a comparison without labels looked at first.
    reference, reference_reason : str
        The baseline that the outcome is about, and why that one; "" where it is the plan's.
    """

    method: str
    kind: str
    reason: str
    kept_reference: bool
    candidates: tuple[Candidate, ...] = ()
    not_tried: tuple[NotTried, ...] = ()
    clusters: Finding | None = None
    label_shift: Finding | None = None
    reference: str = ""
    reference_reason: str = ""

    def failed(self, why: str, references: Sequence[str]) -> Choice | None:
        """Return the choice of the next best, where the chosen method failed with a further seed.

        None where nothing is left.
        """
        own = tuple(
            replace(row, gated=why, rank=None) if row.method == self.method else row
            for row in self.candidates
        )
        left = {row.method: row.rank for row in own if row.rank is not None}
        if not left:
            return None
        best = min(left, key=left.__getitem__)
        reason = (
            f"{self.reason} {self.method} then failed with a further seed ({why}), so the next "
            f"best was taken: {best}."
        )
        return replace(
            self,
            method=best,
            kept_reference=best in references,
            reason=reason,
            candidates=own,
        )

    def to_json(self) -> JsonObject:
        """Return it as ``choice.json`` holds it."""
        looked = {"clusters": self.clusters, "label_shift": self.label_shift}
        return {
            "method": self.method,
            "kind": self.kind,
            "reason": self.reason,
            "kept_reference": self.kept_reference,
            "candidates": [row.to_json() for row in self.candidates],
            **{name: finding.__dict__ for name, finding in looked.items() if finding is not None},
            **({"reference": self.reference} if self.reference else {}),
            **({"reference_reason": self.reference_reason} if self.reference_reason else {}),
            "not_tried": [row.to_json() for row in self.not_tried],
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Choice:
        """Return what `to_json` gave."""
        looked = {
            name: Finding(**found[name]) for name in ("clusters", "label_shift") if name in found
        }
        return cls(
            found["method"],
            found["kind"],
            found["reason"],
            found["kept_reference"],
            tuple(map(Candidate.from_json, found["candidates"])),
            not_tried(found["not_tried"]),
            **looked,
            reference=found.get("reference", ""),
            reference_reason=found.get("reference_reason", ""),
        )
