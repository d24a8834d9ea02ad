"""What is said of rows to judge that were learned from as well."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..base.events import Events
from ..base.typed import JsonObject

MOST = 50_000
"""Rows of both sides up to which nearly the same ones are looked for; the same ones always are."""
LEAST = 2
"""Judged rows that have to be left; with fewer, the verdict would be about nothing."""
NAMED = 20
"""How many of them are named."""


@dataclass(frozen=True)
class Seen:
    """What was found of rows to judge that were learned from as well.

    Attributes
    ----------
    found : int
        How many there are.
    of : int
        Of how many judged rows.
    source : int
        How many of them are rows of the source; the others are the target's own labelled rows.
    near : int
        How many of them are nearly the same, not the same.
    kept : {"", "asked", "all"}
        Why they are judged all the same: "" where they are not.
    rows : tuple of str
        Some of them: "this = that".
    looked : bool
        Whether nearly the same ones were looked for.
    chance : int
        How many rows more equal one that was learned from as may be by chance: they stay.
    where : str
        Where they were learned from, in words, where that is neither side of a task.
    at : tuple of int
        Where those that were left out stand in the domain. They have a label, though none to use.
    """

    found: int
    of: int
    source: int = 0
    near: int = 0
    kept: str = ""
    rows: tuple[str, ...] = ()
    looked: bool = True
    chance: int = 0
    where: str = ""
    at: tuple[int, ...] = ()

    def to_json(self) -> JsonObject:
        """Return plain values."""
        plain = {name: value for name, value in self.__dict__.items() if name != "at"}
        return {**plain, "rows": list(self.rows)}

    @classmethod
    def from_json(cls, found: Any) -> Seen | None:
        """Return what `to_json` gave; None where there is none."""
        return cls(**{**found, "rows": tuple(found["rows"])}) if found else None

    def of_folds(self) -> str:
        """Say it of labelled rows that folds would hold out."""
        if not self.found:
            return ""
        one = self.found == 1
        text = (
            f"{self.found:,} of {self.of:,} labelled rows {'is' if one else 'are'} "
            f"{self.where or 'in the source'} as well{self._nearly}"
        )
        if self.kept:
            return (
                f"{text}: held out all the same where methods are compared, as asked, so the "
                "figures are too good"
            )
        return f"{text}: never held out where methods are compared"

    @property
    def _nearly(self) -> str:
        if not self.near:
            return ""
        return ", or nearly" if self.found == 1 else f", {self.near:,} of them nearly"

    def sentence(self) -> str:
        """Say it; "" where there is nothing to say."""
        if not self.found:
            return ""
        one = self.found == 1
        what = (
            f"{self.found:,} of {self.of:,} rows to judge {'was' if one else 'were'} learned from"
        )
        where = self.where or {0: "in the target", self.found: "in the source"}.get(
            self.source, f"{self.source:,} of them in the source"
        )
        near = f"{self._nearly} the same" if self.near else ""
        text = f"{what} as well ({where}{near})"
        if self.kept == "asked":
            return f"{text}: kept, as asked, so the figures are too good"
        if self.kept:
            return f"{text}: kept, as otherwise nothing would be judged; the figures are too good"
        return f"{text}: left out of what is judged"


def taken_away(seen: np.ndarray, found: Seen, keep: bool) -> tuple[np.ndarray, Seen]:
    """Return which rows are left, bool (n,), and what was found with why they were kept, if so."""
    few = len(seen) - found.found < LEAST
    kept = "" if not found.found else "asked" if keep else "all" if few else ""
    return (np.ones(len(seen), bool) if kept else ~seen), replace(found, kept=kept)


def say_seen(seen: Seen, name: str, events: Events) -> list[str]:
    """Say what was found, as a warning where something was, and return the sentences."""
    said = seen.sentence()
    if said:
        events.log("warning", f"{name}: {said}", rows=list(seen.rows), count=seen.found)
    notes = []
    if seen.chance:
        notes.append(
            f"{seen.chance:,} rows to judge equal a row that is learned from as rows of few values "
            "do by chance: they are judged"
        )
    if not seen.looked and not seen.where:
        notes.append(
            f"over {MOST:,} rows: rows to judge were compared with those that are learned from for "
            "the same content, not for nearly the same"
        )
    for note in notes:
        events.log("note", f"{name}: {note}")
    return ([said] if said else []) + notes
