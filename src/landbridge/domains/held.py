"""Which labelled rows are held out together, or never, where methods are compared by folds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..base.events import Events
from ..base.formatting import counted
from ..base.typed import JsonObject
from .examples import Examples
from .seen import MOST, Seen


@dataclass(frozen=True)
class Held:
    """How the labelled rows of a target are held out.

    Attributes
    ----------
    groups : int64 ndarray (n,)
        Rows of one number are held out together, as they are the same or nearly; those below 0
        never, as they are learned from elsewhere as well.
    seen : Seen
        What was found of the latter.
    repeats : int
        How many labelled rows repeat another one.
    """

    groups: np.ndarray
    seen: Seen
    repeats: int = 0

    def select(self, rows: np.ndarray) -> Held:
        """Return the same of some rows."""
        return replace(self, groups=self.groups[rows])

    def also(self, rows: np.ndarray, seen: Seen) -> Held:
        """Return the same where more rows were found to be learned from elsewhere."""
        groups = self.groups.copy()
        if not seen.kept:
            groups[np.isin(groups, groups[rows])] = -1
        both = replace(seen, found=self.seen.found + seen.found, rows=self.seen.rows + seen.rows)
        return replace(self, groups=groups, seen=both if self.seen.found else seen)

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {"seen": self.seen.to_json(), "repeats": self.repeats}

    def say(self, name: str, events: Events) -> list[str]:
        """Say what was found, as a warning where figures are too good, and return the sentences."""
        said = []
        if sentence := self.seen.of_folds():
            said.append(sentence)
            kind = "warning" if self.seen.kept else "note"
            events.log(kind, f"{name}: {sentence}", rows=list(self.seen.rows))
        if self.repeats:
            rows = counted(self.repeats, "labelled row")
            which = "repeats another one, or nearly: both are"
            if self.repeats > 1:
                which = "repeat another one, or nearly: such rows are"
            said.append(f"{rows} {which} held out together where methods are compared")
            events.log("note", f"{name}: {said[-1]}")
        return said


def find_repeats(examples: Examples) -> np.ndarray:
    """Return for each row the first one that is the same, or nearly: int64 (n,).

    What may well be the same by chance is not.

    Examples
    --------
    >>> from landbridge.domains.modalities.texts import TextExamples
    >>> find_repeats(TextExamples(["a bore", "A fine film", "a fine  film"]))
    array([0, 1, 1])
    """
    n = len(examples)
    place: dict[str, int] = {}
    first = np.array([place.setdefault(c, i) for i, c in enumerate(examples.prints())], np.int64)
    leads = np.unique(first)
    if len(leads) > 1 and 2 * n <= MOST:
        some = examples.select(leads)
        pairs = some.near(some)
        if pairs is not None and len(pairs):
            least = leads[_first_linked(pairs[:, 0], pairs[:, 1], len(leads))]
            first = least[np.searchsorted(leads, first)]
    later = np.flatnonzero(first != np.arange(n))
    if not len(later):
        return first
    # One of each group against all others: how often rows like it come without being a copy.
    second = later[np.unique(first[later], return_index=True)[1]]
    others = examples.select(np.setdiff1d(np.arange(n), second))
    chance = first[second[examples.by_chance(second, others)]]
    return np.where(np.isin(first, chance), np.arange(n), first)


def joined(first: np.ndarray, blocks: np.ndarray | None) -> np.ndarray:
    """Return for each row the first one that it must be held out with: int64 (n,).

    Parameters
    ----------
    first : int64 ndarray, shape (n,)
        As of `find_repeats`.
    blocks : int64 ndarray, shape (n,), or None
        Rows of one number belong together as well, as those of one patient do.

    Examples
    --------
    >>> joined(np.array([0, 1, 1, 3, 4]), np.array([7, 7, 8, 9, 9]))
    array([0, 0, 0, 3, 3])
    """
    if blocks is None:
        return first
    _, start, place = np.unique(blocks, return_index=True, return_inverse=True)
    rows = np.arange(len(first))
    return _first_linked(np.r_[rows, rows], np.r_[first, start[place]], len(first))


def _first_linked(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """Return the first row that links between rows a and b lead to, for each of n: int64 (n,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(a), bool), (a, b)), (n, n))
    part = connected_components(graph, directed=False)[1]
    return np.asarray(np.unique(part, return_index=True)[1][part])
