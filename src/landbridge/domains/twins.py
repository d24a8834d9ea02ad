"""Rows that are judged and were learned from as well: found, left out of the judged ones, said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.events import Events
from .examples import Examples

if TYPE_CHECKING:
    from .domain import Domain

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

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {name: value for name, value in self.__dict__.items() if name != "at"}
        return {**plain, "rows": list(self.rows)}

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
        near = ""
        if self.near:
            near = ", or nearly the same" if one else f", {self.near:,} of them nearly the same"
        text = f"{what} as well ({where}{near})"
        if self.kept == "asked":
            return f"{text}: kept, as asked, so the figures are too good"
        if self.kept:
            return f"{text}: kept, as otherwise nothing would be judged; the figures are too good"
        return f"{text}: left out of what is judged"


@dataclass(frozen=True)
class Twins:
    """For each of n rows a row of others that is the same, or nearly.

    Attributes
    ----------
    of : int64 ndarray (n,)
        -1 where there is none.
    near : bool ndarray (n,)
        Where it is nearly the same only.
    looked : bool
        Whether nearly the same ones were looked for.
    chance : int
        How many more have one that may well be there by chance.
    """

    of: np.ndarray
    near: np.ndarray
    looked: bool
    chance: int


def find_twins(ours: Examples, theirs: Examples) -> Twins:
    """Find which of our rows are among theirs, or nearly.

    The same ones by hashes; nearly the same ones by what `Examples.near` compares, up to `MOST`
    rows. Inputs alone are looked at, no labels.

    Parameters
    ----------
    ours, theirs : Examples
        Of one modality.

    Examples
    --------
    >>> from landbridge.domains.modalities.texts import TextExamples
    >>> find_twins(TextExamples(["A fine film", "a bore"]), TextExamples(["a fine  film"])).of
    array([ 0, -1])
    """
    n = len(ours)
    of, near = np.full(n, -1, np.int64), np.zeros(n, bool)
    place: dict[str, int] = {}
    for j, content in enumerate(theirs.prints()):
        place.setdefault(content, j)
    for i, content in enumerate(ours.prints()):
        of[i] = place.get(content, -1)
    rest = np.flatnonzero(of < 0)
    looked = n + len(theirs) <= MOST
    if looked and len(rest) and len(theirs):
        pairs = ours.select(rest).near(theirs)
        for i, j in () if pairs is None else pairs.tolist():
            if of[rest[i]] < 0:
                of[rest[i]], near[rest[i]] = j, True
    found = np.flatnonzero(of >= 0)
    chance = found[ours.by_chance(found, theirs)] if len(found) else found
    of[chance], near[chance] = -1, False
    return Twins(of, near, looked, len(chance))


def without_seen(source: Domain | None, target: Domain, keep: bool = False) -> Domain:
    """Return a target that is not judged on rows whose labels are learned from.

    These are the labelled rows of the source, and of the target those that are not judged. Where
    fewer than `LEAST` rows would be left to judge, all stay, and `Domain.seen` says so.

    Parameters
    ----------
    source : Domain or None
    target : Domain
        After `landbridge.domains.judging.seal`.
    keep : bool
        Whether to judge on such rows all the same.
    """
    if target.sealed is None:
        return target
    rows = np.flatnonzero(target.judged)
    taught = []
    for side in (source, target):
        own = None if side is None else np.flatnonzero(side.known & ~side.held_out)
        # Another modality is refused where the two are checked against each other.
        if side is not None and own is not None and side.modality == target.modality:
            taught.append((side.examples.select(own), side is source))
    left, found = left_to_judge(target.examples.select(rows), taught, keep)
    return without_rows(target, rows[~left], found)


def left_to_judge(
    ours: Examples, taught: Sequence[tuple[Examples, bool]], keep: bool = False
) -> tuple[np.ndarray, Seen]:
    """Say which rows are left to judge on, once those that were learned from are taken away.

    Parameters
    ----------
    ours : Examples
        The n rows to judge.
    taught : sequence of (Examples, bool)
        What is learned from, and whether it is the source's.
    keep : bool
        Whether to keep such rows all the same; they are where fewer than `LEAST` would be left.

    Returns
    -------
    left : bool ndarray (n,)
    seen : Seen
    """
    n, names = len(ours), ours.names()
    seen, near = np.zeros(n, bool), np.zeros(n, bool)
    looked, chance, of_source = True, 0, 0
    pairs: list[str] = []
    for theirs, is_source in taught:
        if not len(theirs):
            continue
        twins = find_twins(ours, theirs)
        new = (twins.of >= 0) & ~seen
        others = theirs.names()
        pairs += [f"{names[i]} = {others[twins.of[i]]}" for i in np.flatnonzero(new)[:NAMED]]
        looked, chance = looked and twins.looked, chance + twins.chance
        near |= new & twins.near
        seen |= new
        of_source += int(new.sum()) if is_source else 0
    found = Seen(
        found=int(seen.sum()),
        of=n,
        source=of_source,
        near=int(near.sum()),
        rows=tuple(pairs[:NAMED]),
        looked=looked,
        chance=chance,
    )
    return taken_away(seen, found, keep)


def taken_away(seen: np.ndarray, found: Seen, keep: bool) -> tuple[np.ndarray, Seen]:
    """Return which rows are left, bool (n,), and what was found with why they were kept, if so."""
    few = len(seen) - found.found < LEAST
    kept = "" if not found.found else "asked" if keep else "all" if few else ""
    return (np.ones(len(seen), bool) if kept else ~seen), replace(found, kept=kept)


def without_rows(target: Domain, gone: np.ndarray, found: Seen) -> Domain:
    """Return a target that is not judged on the rows with these numbers.

    Parameters
    ----------
    target : Domain
        With sealed labels.
    gone : int ndarray
        Judged rows of it.
    found : Seen
        Why, with the rows that were taken away before.
    """
    if target.sealed is None or not len(gone):
        return replace(target, seen=found)
    left = ~np.isin(np.flatnonzero(target.judged), gone)
    judged = target.judged.copy()
    judged[gone] = False
    found = replace(found, at=(*found.at, *gone.tolist()))
    return replace(target, judged=judged, sealed=target.sealed.only(left), seen=found)


def say_seen(seen: Seen, name: str, events: Events) -> list[str]:
    """Say what was found, as a warning where something was, and return the sentences."""
    said = seen.sentence()
    if said:
        events.say("warning", f"{name}: {said}", rows=list(seen.rows), count=seen.found)
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
        events.say("note", f"{name}: {note}")
    return ([said] if said else []) + notes
