"""Columns of one side read as those of the other were, or refused where they cannot be."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ...base.errors import DataError
from ..domain import Domain
from ..modalities.table import missing
from ..schema import IN_WORDS, NUMBERS, TableSchema
from .base import ReadOptions
from .columns import Columns
from .decided import Otherwise, Together
from .guessing import MOST_NUMBERS
from .header import is_number
from .kinds import LARGE, NotNumbers
from .numbers import leading_zeros


def conforming(columns: Columns, wanted: TableSchema, options: ReadOptions, name: str) -> Columns:
    """Return the columns as those of the other side were taken.

    Raises
    ------
    Otherwise
        Where one side's words are codes that are whole numbers on the other.
    """
    together, like = options.together, options.like
    for column in wanted.columns if together is not None else ():
        if column.role == "feature" and column.kind == "integer" and _codes(columns, column.name):
            raise Otherwise(Together.of_words(column.name, name))
    try:
        found = columns.conforming(wanted, name)
        if together is not None and like is not None:
            asked = {*(options.categorical or ()), *together.words}
            _refuse_amounts(columns, found, like, asked, name)
        return found
    except NotNumbers as misfit:
        there = getattr(getattr(like, "examples", None), "columns", {}).get(misfit.column)
        if together is None or there is None or wanted[misfit.column].kind != "integer":
            raise
        if len(np.unique(there[~np.isnan(there)])) > MOST_NUMBERS:
            raise
        raise Otherwise(Together.of_words(misfit.column, name)) from misfit


def _codes(columns: Columns, name: str) -> bool:
    """Say whether a column of whole numbers is written as codes are, with zeros in front."""
    own, column = columns.schema.get(name), columns.written.get(name)
    if own is None or column is None or own.kind != "category" or not column.is_strings:
        return False
    return own.why == LARGE or leading_zeros(column.array)


def _refuse_amounts(
    own: Columns, read: Columns, like: Domain, asked: Collection[str], name: str
) -> None:
    """Raise DataError where amounts would be words, of which the other side has not one.

    Codes there, as 01067 is, are words whatever they are here.
    """
    for column, words in getattr(like.examples, "columns", {}).items():
        schema = own.schema.get(column)
        if schema is None or words.dtype != object or schema.kind not in NUMBERS:
            continue
        if column in asked or any(is_number(str(word)) for word in words[:100]):
            continue
        there, here = set(words.tolist()) - {None}, read.values[column]
        given = here[~missing(here)]
        if here.dtype != object or not there or set(given.tolist()) & there:
            continue
        if schema.kind == "decimal" or len(set(given.tolist())) > MOST_NUMBERS:
            raise DataError(
                f"{name}: column {column!r} holds {IN_WORDS[schema.kind]} such as {given[0]!r}, "
                f"and {like.name!r} has words such as {min(there)!r} there, none of which is one",
                hint="mend the column, leave it out with drop=, or read it as words on every side: "
                f"categorical={column}",
            )
