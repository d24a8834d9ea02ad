"""Rows as they were given: which became examples, which did not and why, and their own ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.formatting import counted
from ..base.typed import JsonObject

if TYPE_CHECKING:
    from ..base.events import Events

AnswerRow = JsonObject
"""An answer: "name", and what is said of it, by names that data and tasks give."""


@dataclass(frozen=True)
class LeftOut:
    """A row that was given and did not become an example.

    Attributes
    ----------
    row : int
        Its place in the input, from 0.
    name : str
        What to call it: a path, or "table row 12".
    why : str
        For example "row without a text".
    """

    row: int
    name: str
    why: str


@dataclass(frozen=True)
class Omission:
    """Something that was left out while reading, counted and said."""

    what: str
    """For example "unreadable image"."""
    rows: tuple[str, ...]
    """Names of what was left out, all of them."""
    left: tuple[LeftOut, ...] = ()
    """The same where they are rows of the input, and not columns or files beside them."""
    beyond: np.ndarray | None = field(default=None, compare=False, repr=False)
    """Places of rows beyond a limit that was asked for: nobody waits for their answers."""

    @classmethod
    def of_rows(cls, what: str, left: Sequence[LeftOut]) -> Omission:
        """Return the omission of rows, with what is said of each beyond `what`."""
        return cls(what, tuple(_said(one, what) for one in left), tuple(left))


def _said(one: LeftOut, what: str) -> str:
    more = one.why.removeprefix(what).removeprefix(": ")
    return f"{one.name} ({more})" if more else one.name


@dataclass(frozen=True, eq=False)
class InputRows:
    """Where each example of a domain was in the input, and what was left out of it.

    Attributes
    ----------
    places : int ndarray (n,)
        The place of each example in the input, from 0, ascending as they were read.
    left : tuple of LeftOut
        Rows that were asked about and are no examples: not those beyond a limit.
    ids : tuple of str, or None
        What the data themselves call each row of the input, by place: a column of ids, the index
        of a data frame, the name of its file as the table has it.
    beyond : int
        How many more rows nobody asked about: they lie beyond a limit, or have no truth to judge.
    """

    places: np.ndarray
    left: tuple[LeftOut, ...] = ()
    ids: tuple[str | None, ...] | None = field(default=None, repr=False)
    beyond: int = 0

    @classmethod
    def of(
        cls, n: int, omissions: Sequence[Omission], ids: Sequence[str | None] | None = None
    ) -> InputRows:
        """Return the rows of n examples in the order of the input, less what was left out."""
        left = sorted((one for o in omissions for one in o.left), key=lambda one: one.row)
        beyond = [o.beyond for o in omissions if o.beyond is not None]
        gone = np.concatenate([np.array([one.row for one in left], np.int64), *beyond])
        total = n + len(gone)
        places = np.setdiff1d(np.arange(total), gone)
        if len(places) != n:
            raise ValueError(f"rows {gone[:10]} were left out of {total}")
        own = None if ids is None else tuple(ids)
        return cls(places, tuple(left), own, len(gone) - len(left))

    def select(self, rows: np.ndarray) -> InputRows:
        """Return some of the examples, which are then all that is asked about."""
        return InputRows(self.places[rows], (), self.ids)

    def renumbered(self) -> InputRows:
        """Return the examples alone as the input, as where a domain itself is given to a model."""
        ids = None if self.ids is None else tuple(self.ids[i] for i in self.places)
        return InputRows(np.arange(len(self.places)), (), ids)

    def only(self, takes: np.ndarray, names: Sequence[str], why: str) -> InputRows:
        """Return the examples where `takes`; the others are left out."""
        gone = [
            LeftOut(int(self.places[i]), names[i], why) for i in np.flatnonzero(~takes).tolist()
        ]
        left = sorted((*self.left, *gone), key=lambda one: one.row)
        return InputRows(self.places[takes], tuple(left), self.ids, self.beyond)

    @property
    def total(self) -> int:
        """How many rows the input has."""
        return len(self.places) + len(self.left) + self.beyond

    def reasons(self) -> dict[str, int]:
        """Return how many rows were left out for what, without what is said of each."""
        return dict(Counter(one.why.partition(": ")[0] for one in self.left))

    def array(self, values: np.ndarray, blank: Any) -> np.ndarray:
        """Return values (n, ...) with `blank` in the place of each row that was left out."""
        gone = self.left
        if not gone:
            return values
        place = np.array([one.row for one in gone])
        at = np.searchsorted(self.places, place)  # np.insert keeps the order of equal places
        return np.insert(values, at, blank, axis=0)

    def answers(self, rows: Sequence[AnswerRow], blank: Mapping[str, Any]) -> list[AnswerRow]:
        """Return one answer for each row of the input, in its order.

        Parameters
        ----------
        rows : sequence of dict
            Of each example, with its "name".
        blank : mapping
            An answer that says nothing.

        Returns
        -------
        list of dict
            With "id" where the data have ids. Where something was left out, every row has
            "reason": why there is no answer, None where there is one. (A row that has such a key
            already gets "row id", "row reason".)
        """
        gone = self.left
        found = [(int(place), {**row}) for place, row in zip(self.places, rows, strict=True)]
        for one in gone:
            found.append((one.row, {**blank, "name": one.name}))
        found.sort(key=lambda pair: pair[0])
        if gone:
            why = {one.row: one.why for one in gone}
            key = _free("reason", blank)
            for place, row in found:
                row[key] = why.get(place)
        if self.ids is not None:
            key, ids = _free("id", blank), self.ids
            found = [
                (place, {"name": row.pop("name"), key: ids[place], **row}) for place, row in found
            ]
        return [row for _, row in found]

    def tell(self, name: str, events: Events) -> None:
        """Say how many rows have no answer; which they are, reading has said."""
        if gone := self.left:
            total = len(self.places) + len(gone)
            events.log(
                "note",
                f"{name}: {len(gone):,} of {counted(total, 'row')} "
                f"{'has' if len(gone) == 1 else 'have'} a reason in the place of an answer",
            )


def _free(key: str, taken: Mapping[str, Any]) -> str:
    while key in taken:
        key = f"row {key}"
    return key
