"""Rows that are judged and were learned from as well: found, left out of the judged ones, said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .examples import Examples
from .held import Held, find_repeats, joined
from .seen import MOST, NAMED, Seen, taken_away

if TYPE_CHECKING:
    from .domain import Domain


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
    chance : bool ndarray (n,)
        Where there is one that may well be there by chance: it does not count.
    """

    of: np.ndarray
    near: np.ndarray
    looked: bool
    chance: np.ndarray


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
    chance = np.zeros(n, bool)
    if len(found):
        chance[found[ours.by_chance(found, theirs)]] = True
    of[chance], near[chance] = -1, False
    return Twins(of, near, looked, chance)


def without_seen(source: Domain | None, target: Domain, keep: bool = False) -> Domain:
    """Return a target that is not judged on rows whose labels are learned from.

    These are the labelled rows of the source, and of the target those that are not judged. Where
    fewer than `LEAST` rows would be left to judge, all stay, and `Domain.seen` says so. The
    labelled rows that folds may hold out are looked at in the same way: see `Domain.held`.

    Parameters
    ----------
    source : Domain or None
    target : Domain
        After `landbridge.domains.sealing.seal`.
    keep : bool
        Whether to judge on such rows all the same.
    """
    rows, learned = np.flatnonzero(target.test_mask), learned_rows(target)
    n = len(rows) if target.sealed is not None else 0
    ours = target.examples.select(np.concatenate([rows[:n], learned]))
    found = []
    # Another modality is refused where the two are checked against each other.
    if source is not None and source.modality == target.modality and len(ours):
        theirs = source.examples.select(learned_rows(source))
        found.append(_Found(find_twins(ours, theirs), theirs.names(), True))
    held = _held(target, learned, [each.only(slice(n, None)) for each in found], keep)
    if target.sealed is None:
        return replace(target, held=held)
    found = [each.only(slice(n)) for each in found]
    tested, taught = target.examples.select(rows), target.examples.select(learned)
    if len(taught):
        found.append(_Found(find_twins(tested, taught), taught.names(), False))
    left, seen = taken_away(*_counted(tested.names(), found), keep)
    return replace(without_rows(target, rows[~left], seen), held=held)


def learned_rows(domain: Domain) -> np.ndarray:
    """Return the rows whose labels are learned from."""
    return np.flatnonzero(domain.labeled_mask & ~domain.held_out)


def _held(target: Domain, learned: np.ndarray, found: list[_Found], keep: bool) -> Held | None:
    """Return how labelled rows are held out; None where there are too few for folds."""
    if len(learned) < 2:
        return None
    examples = target.examples.select(learned)
    again, seen = _counted(examples.names(), found)
    groups = np.arange(len(target))
    blocks = None if target.blocks is None else target.blocks[learned]
    if keep:
        groups[learned] = learned[joined(np.arange(len(learned)), blocks)]
        return Held(groups, replace(seen, kept="asked" if seen.found else ""))
    first = find_repeats(examples)
    groups[learned] = learned[joined(first, blocks)]
    # What nearly repeats a row of the source's is no less known than that row.
    groups[learned[np.isin(first, first[again])]] = -1
    return Held(groups, seen, repeats=int((first != np.arange(len(first))).sum()))


def left_to_test(
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
    found = [
        _Found(find_twins(ours, theirs), theirs.names(), is_source)
        for theirs, is_source in taught
        if len(theirs)
    ]
    return taken_away(*_counted(ours.names(), found), keep)


@dataclass(frozen=True)
class _Found:
    """Twins among others, with their names, and whether they are the source's."""

    twins: Twins
    names: list[str]
    of_source: bool

    def only(self, rows: slice) -> _Found:
        own = self.twins
        cut = replace(own, of=own.of[rows], near=own.near[rows], chance=own.chance[rows])
        return replace(self, twins=cut)


def _counted(names: list[str], found: Sequence[_Found]) -> tuple[np.ndarray, Seen]:
    """Return which rows have a twin, bool (n,), and what there is to say of them."""
    n = len(names)
    seen, near = np.zeros(n, bool), np.zeros(n, bool)
    of_source, pairs = 0, []
    for each in found:
        new = (each.twins.of >= 0) & ~seen
        some = np.flatnonzero(new)[:NAMED]
        pairs += [f"{names[i]} = {each.names[each.twins.of[i]]}" for i in some]
        near |= new & each.twins.near
        seen |= new
        of_source += int(new.sum()) if each.of_source else 0
    return seen, Seen(
        found=int(seen.sum()),
        of=n,
        source=of_source,
        near=int(near.sum()),
        rows=tuple(pairs[:NAMED]),
        looked=all(each.twins.looked for each in found),
        chance=sum(int(each.twins.chance.sum()) for each in found),
    )


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
    left = ~np.isin(np.flatnonzero(target.test_mask), gone)
    test_mask = target.test_mask.copy()
    test_mask[gone] = False
    found = replace(found, at=(*found.at, *gone.tolist()))
    return replace(target, test_mask=test_mask, sealed=target.sealed.only(left), seen=found)
