"""What is given to a finished model: one example, or many."""

from __future__ import annotations

from typing import Any

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
