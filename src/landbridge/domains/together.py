"""Two tables read as one decides: what a column is on one side, it is on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ..base.errors import DataError
from ..base.events import Events, Progress
from .domain import Domain
from .readers.decided import NothingToLearn, Otherwise, Together


def read_together(
    first: Callable[[Together, Events], Domain],
    second: Callable[[Together, Events, Domain | None], Domain],
    events: Events,
) -> tuple[Domain, Domain]:
    """Return two domains whose columns are what both of them say, not the one that is read first.

    Texts on one side are texts on both, codes with a letter on one side are words on both, and what
    only tells the rows of one side apart is no feature of either. Both are read anew, and a note
    says so, where the second finds what the first could not know.

    Parameters
    ----------
    first, second : callable
        Read a side; the second one takes the first as its ``like``, None where the first cannot be
        read by itself.
    events : Events
    """
    together = Together()
    while True:
        held = _Held(events)
        try:
            ours = first(together, held)
        except NothingToLearn as nothing:
            together = _by_the_other(together, nothing, second)
            continue
        try:
            theirs_heard = _Held(events)
            theirs = second(together, theirs_heard, ours)
        except Otherwise as found:
            if not together.grows(found.together):
                raise
            together = together.joined(found.together)
            continue
        for note in together.notes:
            events.log("note", note)
            ours, theirs = _noting(ours, note), _noting(theirs, note)
        held.tell()
        theirs_heard.tell()
        return ours, theirs


def _by_the_other(
    together: Together,
    nothing: NothingToLearn,
    second: Callable[[Together, Events, Domain | None], Domain],
) -> Together:
    """Return what the second side's texts are, where the first has nothing else to learn from."""
    try:
        theirs = second(Together(), Events(), None)
    except DataError:
        raise nothing from None
    texts = [] if theirs.schema is None else theirs.schema.named("text")
    if together.text is not None or len(texts) != 1 or texts[0] not in nothing.columns:
        raise nothing
    return together.joined(Together.of_text(texts[0], theirs.name))


def _noting(domain: Domain, note: str) -> Domain:
    return replace(domain, notes=(note, *domain.notes))


class _Held(Events):
    """Keeps what is said until it holds; progress is shown at once."""

    def __init__(self, to: Events) -> None:
        super().__init__()
        self._to = to
        self._said: list[tuple[str, str, Mapping[str, Any]]] = []

    def log(self, kind: str, message: str = "", **fields: Any) -> None:
        self._said.append((kind, message, fields))

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Progress]:
        with self._to.progress(what, total) as bar:
            yield bar

    def tell(self) -> None:
        for kind, message, fields in self._said:
            self._to.log(kind, message, **fields)
