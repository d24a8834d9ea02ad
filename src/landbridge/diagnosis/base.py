"""What a check finds, and the registry of checks: one file and one class each."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from ..base.registry import Registry
from ..base.typed import JsonObject
from .pair import DomainPair

Severity = Literal["none", "slight", "moderate", "strong", "unclear"]

LEVEL = 0.05
"""p-values above this count as chance."""


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    name : str
        Of the check.
    figures : dict of str to number
        What was measured.
    severity : {"none", "slight", "moderate", "strong", "unclear"}
        How large the difference is; "none" also where it may be chance, "unclear" where what
        the check takes for granted does not seem to hold.
    sentence : str
        The same in words.
    columns : tuple of str
        Columns that it names, the most changed first.
    classes : tuple of str
        Classes that it names.
    details : dict
        What drawings need: plain values.
    """

    name: str
    figures: dict[str, float]
    severity: Severity
    sentence: str
    columns: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    details: JsonObject = field(default_factory=dict)

    def to_dict(self) -> JsonObject:
        """Return plain values; None for what has no number."""
        return {
            "name": self.name,
            "severity": self.severity,
            "sentence": self.sentence,
            "figures": {k: v if math.isfinite(v) else None for k, v in self.figures.items()},
            "columns": list(self.columns),
            "classes": list(self.classes),
            "details": self.details,
        }


class Check(ABC):
    """One way to look at the difference of two domains.

    Attributes
    ----------
    name : str
        Given by the registry.
    title : str
        What the table calls it.
    summary : str
        One line: what it measures.
    paper : str
    order : int
        Where it comes in a table.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]
    order: ClassVar[int] = 100

    def unmet(self, pair: DomainPair) -> str:
        """Return why it cannot look at these domains, "" where it can."""
        return ""

    @abstractmethod
    def run(self, pair: DomainPair) -> Finding:
        """Look at the domains."""


DIAGNOSES: Registry[type[Check]] = Registry("diagnosis", "landbridge.diagnosis")


def graded(value: float, slight: float, moderate: float, strong: float) -> Severity:
    """Return the severity of an effect by three thresholds.

    Examples
    --------
    >>> graded(0.3, 0.1, 0.5, 1.0)
    'slight'
    """
    if value >= strong:
        return "strong"
    if value >= moderate:
        return "moderate"
    return "slight" if value >= slight else "none"
