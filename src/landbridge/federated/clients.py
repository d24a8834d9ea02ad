"""Clients: read, parted, checked against each other, and each with labels sealed at home."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..base.errors import ConfigError, DataError, LandbridgeError
from ..base.events import Events
from ..base.formatting import counted
from ..base.typed import JsonObject
from ..domains.domain import Domain
from ..domains.examples import Examples, data_of
from ..domains.holdout.base import split_rule
from ..domains.read import read_domain
from ..domains.sealing import seal
from ..domains.twins import learned_rows, left_to_test, without_rows
from ..targets.base import TargetType
from ..targets.names import sort_classes


@dataclass(frozen=True)
class Client:
    """One client.

    Attributes
    ----------
    name : str
    domain : Domain
        Sealed; its labels index into its own classes.
    labels : ndarray
        Known labels as places in the federation's classes.
    """

    name: str
    domain: Domain
    labels: np.ndarray

    @property
    def learned(self) -> np.ndarray:
        """The rows whose labels are learned from."""
        return learned_rows(self.domain)

    @property
    def judged(self) -> np.ndarray:
        """The rows that judge."""
        return np.flatnonzero(self.domain.test_mask)

    @property
    def groups(self) -> np.ndarray | None:
        """Numbers of the judged rows that may be alike; None where each stands for itself."""
        blocks = self.domain.blocks
        return blocks[self.judged] if self.domain.alike and blocks is not None else None


@dataclass(frozen=True)
class Together:
    """All clients that take part.

    Attributes
    ----------
    clients : list of Client
    classes : tuple of str
    target_type : TargetType
    source : Domain or None
    refused : list of dict
        "client" and "why".
    """

    clients: list[Client]
    classes: tuple[str, ...]
    target_type: TargetType
    source: Domain | None
    refused: list[JsonObject]


def read_clients(
    data: Any,
    clients: Any,
    source: Any,
    *,
    holdout: str,
    test_size: float,
    seed: int,
    keep_duplicates: bool,
    columns: Mapping[str, Any],
    events: Events,
) -> Together:
    """Read what clients hold; whoever does not fit the others is named and left out.

    Raises
    ------
    ConfigError, DataError
        Where there are no two clients.
    """
    by = split_rule(holdout)[1]
    reads = {**columns, "events": events, **({} if by is None else {"holdout_by": by})}
    start = None if source is None else read_domain(source, **{**columns, "events": events})
    refused: list[JsonObject] = []
    if isinstance(data, Mapping):
        found = _each(data, start, reads, refused)
    else:
        found = _parted(data, clients, start, reads, events)
    found = _alike(found, start, refused)
    for one in refused:
        events.log("warning", f"client {one['client']} takes no part: {one['why']}")
    if len(found) < 2:
        raise DataError(
            f"there {'is' if len(found) == 1 else 'are'} {counted(len(found), 'client')} that can "
            "take part",
            hint="name a column of at least two clients with --clients, or mend those left out",
        )
    sealed = [_sealed(one, test_size, seed, holdout, events) for one in found]
    sealed = _without_seen(sealed, start, keep_duplicates, events)
    kind = sealed[0].target_type
    names = {name for one in [*sealed, *([] if start is None else [start])] for name in one.classes}
    classes = tuple(name for name in found[0].classes if name in names)
    if set(classes) != names:
        classes = sort_classes(names)
    if len(classes) < kind.least_names:
        raise DataError(
            f"the clients' labels show {counted(len(classes), kind.noun, kind.nouns)}",
            hint=f"at least {kind.least_names} are needed",
        )
    made = []
    for own in sealed:
        labels, _ = kind.reindexed(own.labels, own.labeled_mask, own.classes, classes)
        made.append(Client(own.name, own, labels))
    if not any(len(one.learned) for one in made):
        raise DataError("no client has a label to learn from", hint="give labels to some rows")
    return Together(made, classes, kind, start, refused)


def _parted(
    data: Any, clients: Any, start: Domain | None, reads: Mapping[str, Any], events: Events
) -> list[Domain]:
    """Return one domain a client, of rows that say whose they are."""
    if clients is None:
        raise ConfigError(
            "nothing says which client a row is of", hint="name the column: --clients hospital"
        )
    if isinstance(clients, str):
        full = read_domain(data, domain=clients, like=start, **reads)
    else:
        full = read_domain(data, like=start, **reads)
        given = np.asarray(clients, object)
        if given.shape != (full.input_rows.total,):
            raise DataError(
                f"clients has the shape {given.shape}, and there are {full.input_rows.total} rows",
                hint="give each row the name of its client",
            )
        names = [None if name is None else str(name) for name in given[full.input_rows.places]]
        full = replace(full, groups=tuple(names))
    if full.groups is None:
        raise DataError(
            f"{full.name} does not say which client a row is of",
            hint="name the column, or the part of file names, with --clients",
        )
    counts = Counter(name for name in full.groups if name is not None)
    nobody = len(full) - sum(counts.values())
    if nobody:
        events.log("warning", f"{full.name}: {counted(nobody, 'row')} of no client left out")
    owner = np.array(full.groups, object)
    return [
        _of_client(full, np.flatnonzero(owner == name), name) for name in sort_classes({*counts})
    ]


def _of_client(full: Domain, rows: np.ndarray, name: str) -> Domain:
    """Return a client's rows, which know of the classes that they show alone."""
    own = replace(full.select(rows), held_out=full.held_out[rows], name=name, notes=(), groups=None)
    kind = own.target_type
    present = kind.shown(own.labels, own.labeled_mask, own.classes)
    return replace(
        own,
        omissions=(),
        classes=tuple(own.classes[i] for i in present),
        labels=kind.narrowed(own.labels, own.labeled_mask, present),
    )


def _each(
    data: Mapping[str, Any],
    start: Domain | None,
    reads: Mapping[str, Any],
    refused: list[JsonObject],
) -> list[Domain]:
    """Return one domain a client, of data of its own; whose cannot be read is refused.

    Without a source most clients say what columns there are.
    """
    names = sorted(map(str, data))
    given = {str(name): own for name, own in data.items()}

    def read(name: str, like: Domain | None) -> Domain | None:
        try:
            return read_domain(given[name], like=like, **reads)
        except LandbridgeError as error:
            refused.append({"client": name, "why": error.message})
            return None

    first = {name: own for name in names if (own := read(name, start)) is not None}
    like = start
    if start is None and first:
        usual = Counter(map(_columns, first.values())).most_common(1)[0][0]
        like = next(own for own in first.values() if _columns(own) == usual)
        if usual:
            found = {n: own if own is like else read(n, like) for n, own in first.items()}
            first = {name: own for name, own in found.items() if own is not None}
    for name, own in [*first.items()]:
        lacks = sorted(set(_columns(like)) - set(_columns(own))) if _columns(own) else []
        if lacks:
            refused.append(
                {"client": name, "why": f"it has no column {', '.join(map(repr, lacks))}"}
            )
            del first[name]
    return [_of_client(own, np.arange(len(own)), name) for name, own in first.items()]


def _columns(own: Domain | None) -> tuple[str, ...]:
    """Return the names of a table's columns without its label; none where it is no table."""
    if own is None or own.schema is None:
        return ()
    return tuple(sorted({*own.schema.names} - {own.label_column}))


def _alike(
    found: Sequence[Domain], start: Domain | None, refused: list[JsonObject]
) -> list[Domain]:
    """Return the clients that can learn together: of one modality, one kind of label."""
    if start is not None:
        modality, kind = start.modality, start.target_type
    elif found:
        modality = Counter(one.modality for one in found).most_common(1)[0][0]
        named = {one.target_type.name: one.target_type for one in found}
        usual = Counter(o.target_type.name for o in found if o.labeled_mask.any())
        kind = named[usual.most_common(1)[0][0]] if usual else found[0].target_type
    left = []
    for one in found:
        if one.modality != modality:
            why = f"it holds {data_of(one.modality)}, and the others {data_of(modality)}"
        elif one.labeled_mask.any() and one.target_type.name != kind.name:
            why = f"a row of it has {one.target_type.summary}, and one of the others {kind.summary}"
        elif why := _strange_classes(one, found, start):
            pass
        else:
            left.append(one)
            continue
        refused.append({"client": one.name, "why": why})
    return left


def _strange_classes(one: Domain, found: Sequence[Domain], start: Domain | None) -> str:
    """Return why a client's classes are other than those of all others, "" where they are not.

    A single class may be one that the client alone has; several that nobody else has are another
    task, or the same one in other words.
    """
    if not one.target_type.named or (start is None and len(one.classes) < 2):
        return ""
    others = [start] if start is not None else [o for o in found if o is not one]
    theirs = {name for other in others for name in other.classes}
    if not one.classes or not theirs or theirs & set(one.classes):
        return ""
    return (
        f"its classes {list(one.classes[:5])} are none of the others', {sorted(theirs)[:5]}: write "
        "them in the same way"
    )


def _sealed(one: Domain, test_size: float, seed: int, holdout: str, events: Events) -> Domain:
    own = seal(one, "use", test_size, seed, holdout)
    for note in own.notes:
        events.log("note", f"{own.name}: {note}")
    return own


def _without_seen(
    sealed: Sequence[Domain], start: Domain | None, keep: bool, events: Events
) -> list[Domain]:
    """Return clients that are not judged on rows whose labels anybody learns from."""
    taught: list[tuple[Examples, bool]] = [
        (one.examples.select(learned_rows(one)), False) for one in sealed
    ]
    if start is not None:
        taught.append((start.examples.select(learned_rows(start)), True))
    found = []
    for one in sealed:
        rows = np.flatnonzero(one.test_mask)
        if not len(rows):
            found.append(one)
            continue
        left, seen = left_to_test(one.examples.select(rows), taught, keep)
        seen = replace(seen, where="by a client" if seen.found > seen.source else "")
        if sentence := seen.sentence():
            events.log("warning", f"{one.name}: {sentence}")
        found.append(without_rows(one, rows[~left], seen))
    return found
