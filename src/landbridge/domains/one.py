"""What is given to a finished model: one example or many, and which of them it can take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..base.events import SILENT, Events
from .domain import Domain, Omission
from .examples import Examples
from .input_rows import LeftOut
from .modalities.base import Preprocessing
from .modalities.single import Partly


def as_rows(preprocessing: Preprocessing, what: Any, events: Events = SILENT) -> Any:
    """Return what a model is given as rows: one example is a set of one.

    What the model knows of its own input (channels, size, rate, columns) decides what an array
    is. What readers read is returned as it is.

    Parameters
    ----------
    preprocessing : Preprocessing
    what : object

    Returns
    -------
    object
        A `Domain` without labels where there is nothing left to read.
    """
    found = preprocessing.many(what)
    partly = Partly(found) if isinstance(found, Examples) else found
    if not isinstance(partly, Partly):
        return found
    rule = preprocessing.rule()
    examples, notes = partly.examples.settled(rule, bool(rule))
    kinds: dict[str, list[LeftOut]] = {}
    for one in partly.left:
        kinds.setdefault(one.why.partition(": ")[0], []).append(one)
    omissions = [Omission.of_rows(what, left) for what, left in kinds.items()]
    domain = Domain.build(examples, name=examples.noun, notes=notes, omissions=omissions)
    tell(domain, events)
    return domain


def tell(domain: Domain, events: Events) -> None:
    """Say what was guessed and what was left out while reading."""
    for note in domain.notes:
        events.log("note", f"{domain.name}: {note}", domain=domain.name)
    for omission in domain.omissions:
        if any(all(repr(row) in note for row in omission.rows) for note in domain.notes):
            continue  # a note has named them all, and said why
        events.log(
            "warning",
            f"{domain.name}: left out {len(omission.rows)} x {omission.what}: "
            + ", ".join(omission.rows[:3])
            + (", ..." if len(omission.rows) > 3 else ""),
            domain=domain.name,
            what=omission.what,
            rows=list(omission.rows),
        )


def answerable(preprocessing: Preprocessing, domain: Domain) -> Domain:
    """Return the rows that have what a model takes; the others are left out, with the reason.

    All of them where none has it: whoever prepares them says what is wrong.
    """
    takes = preprocessing.takes(domain.examples)
    if takes.all() or not takes.any():
        return domain
    why = f"row without {preprocessing.taken}, which the model takes"
    rows = domain.input_rows.only(takes, domain.examples.names(), why)
    return replace(domain.select(np.flatnonzero(takes)), input_rows=rows)


def asked(preprocessing: Preprocessing, domain: Domain) -> Domain:
    """Return a domain that is given to a model itself: its examples are the rows of the input."""
    own = replace(domain, input_rows=domain.input_rows.renumbered())
    return answerable(preprocessing, own)
