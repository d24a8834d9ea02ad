"""What a check is: it looks at one or two domains and names the rows that are wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from ..base.events import SILENT, Events
from ..base.registry import Registry
from ..base.typed import JsonObject
from ..domains.domain import Domain

Severity = Literal["failure", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("failure", "warning", "note")
SHOWN = 20
"""Rows that a finding names; the rest is counted."""


@dataclass(frozen=True)
class Problem:
    """Something that was found.

    Attributes
    ----------
    check : str
        Name of the check.
    severity : {"failure", "warning", "note"}
        "failure": figures would be wrong, or learning cannot work; "warning": look at it;
        "note": know it.
    found : str
        What, in a sentence.
    rows : tuple of str
        Names of at most `SHOWN` of the rows; pairs are joined by " = ".
    count : int
        How many there are in all.
    do : str
        What to do about it.
    records : tuple of dict
        All of them where there is more to say of each than its name, for a file; no part of
        `to_dict`.
    """

    check: str
    severity: Severity
    found: str
    rows: tuple[str, ...] = ()
    count: int = 0
    do: str = ""
    records: tuple[JsonObject, ...] = field(default=(), repr=False)

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        values = {name: value for name, value in self.__dict__.items() if name != "records"}
        return {**values, "rows": list(self.rows)}


@dataclass(frozen=True)
class Sides:
    """What is looked at.

    Attributes
    ----------
    domain : Domain
        As it was read: nothing sealed.
    against : Domain or None
        What else will be learned from, such as the source.
    backbone : str
        Whose frozen features are looked at, by checks that need some.
    seed : int
    offline : bool
        Forbid every download.
    events : Events
    """

    domain: Domain
    against: Domain | None = None
    backbone: str = "auto"
    seed: int = 0
    offline: bool = False
    events: Events = SILENT

    @property
    def both(self) -> tuple[Domain, ...]:
        """The domains there are."""
        return (self.domain,) if self.against is None else (self.domain, self.against)

    @cached_property
    def rows(self) -> Rows:
        """All rows of both, one after the other."""
        return Rows(self.both)


class Rows:
    """The rows of one or two domains as one list.

    Attributes
    ----------
    names : list of str
    side : ndarray of int
        0 or 1 for each row.
    part : ndarray of str
        "train", "val" or "test".
    labels : list
        Class name, or None.
    """

    def __init__(self, domains: Sequence[Domain]) -> None:
        self.domains = domains
        self.names = [name for d in domains for name in d.examples.names()]
        self.side = np.concatenate([np.full(len(d), i) for i, d in enumerate(domains)])
        self.part = np.concatenate([parts_of(d) for d in domains])
        self.labels = [label for d in domains for label in _labels(d)]

    @cached_property
    def contents(self) -> np.ndarray:
        """A hash of the content of each row."""
        return np.array([h for d in self.domains for h in d.examples.contents()], dtype=object)


def parts_of(domain: Domain) -> np.ndarray:
    """Return "train", "val" or "test" for each row."""
    parts = np.full(len(domain), "train", dtype=object)
    parts[domain.validation] = "val"
    parts[domain.held_out] = "test"
    return parts


def _labels(domain: Domain) -> Iterator[Any]:
    for labeled, label in zip(domain.labeled_mask.tolist(), domain.labels, strict=True):
        if not labeled:
            yield None
        elif domain.target_type.exclusive:
            yield domain.classes[int(label)]
        else:
            yield tuple(np.atleast_1d(label).tolist())


class DataCheck(ABC):
    """A check; registered in `CHECKS`.

    Attributes
    ----------
    name, summary : str
    default : bool
        Whether it runs where nobody names checks: one that sends all rows through a backbone
        does not.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    default: ClassVar[bool] = True

    @abstractmethod
    def look(self, sides: Sides) -> Iterator[Problem]:
        """Yield what is wrong; nothing where all is well."""

    def problem(
        self, severity: Severity, found: str, rows: Sequence[str] = (), do: str = ""
    ) -> Problem:
        """Return a problem of this check."""
        return Problem(self.name, severity, found, tuple(rows[:SHOWN]), len(rows), do)


CHECKS: Registry[type[DataCheck]] = Registry("check", "landbridge.checks")
