"""What is given to a finished model: one example or many, and which of them it can take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .domain import Domain
from .examples import Examples
from .modalities.base import Preprocessing


def as_rows(preprocessing: Preprocessing, what: Any) -> Any:
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
    if not isinstance(found, Examples):
        return found
    rule = preprocessing.rule()
    examples, notes = found.settled(rule, bool(rule))
    return Domain.build(examples, name=examples.noun, notes=notes)


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
