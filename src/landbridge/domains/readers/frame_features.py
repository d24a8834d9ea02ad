"""Which columns of a table are features, and which only tell rows apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..domain import Omission
from ..modalities.table import TableExamples
from ..schema import TableSchema
from .base import ReadOptions
from .decided import NothingToLearn, Otherwise, Together
from .frame_media import column_of
from .guessing import id_like

ID_LIKE = "column that only tells rows apart"


def features_of(
    values: dict[str, np.ndarray],
    options: ReadOptions,
    name: str,
    omissions: list[Omission],
    notes: list[str],
    wanted: TableSchema,
) -> dict[str, np.ndarray]:
    if options.columns is not None:
        return {
            column: values[column_of(values, column, "columns", name)]
            for asked in options.columns
            for column in _dated(asked, values, options.columns)
        }
    used: set[str] = set()
    together = options.together
    unused = set() if together is None else set(together.apart)
    like = options.like
    if like is not None and isinstance(like.examples, TableExamples):
        used = set(like.examples.columns)
        unused = {c for o in like.omissions if o.what == ID_LIKE for c in o.rows}
        unused |= set(wanted.named("unused")) - used
    left: dict[str, str] = {}
    otherwise: dict[str, str] = {}
    named = {*(options.categorical or ()), *(options.numeric or ())}
    for column, array in values.items():
        why = id_like(column, array)
        if column in unused and column not in named:
            left[column] = f"as in {like.name}" if like else why or "as on the other side"
        elif column in named:
            continue
        elif why is not None and column in used:
            otherwise[column] = why
        elif why is not None:
            left[column] = why
    if together is not None and otherwise and len(left) + len(otherwise) < len(values):
        raise Otherwise(Together.of_apart(otherwise, name))
    if left:
        omissions.append(Omission(ID_LIKE, tuple(left)))
        said = ", ".join(f"{column!r} ({why})" for column, why in left.items())
        notes.append(f"columns left out: {said}; columns=[...] names the ones to use")
    features = {column: array for column, array in values.items() if column not in left}
    if not features:
        nothing = NothingToLearn(
            f"{name} has no column to learn from"
            + (f"; left out: {list(left)[:10]}" if left else ""),
            hint="columns=[...] names the ones to use, text= a column of texts",
        )
        nothing.columns = tuple(left)
        raise nothing
    return features


def _dated(asked: str, values: dict[str, np.ndarray], columns: Sequence[str]) -> list[str]:
    """Return a column that is named, with the month and weekday of dates where none is named."""
    parts = [f"{asked} (month)", f"{asked} (weekday)"]
    if all(part in values for part in parts) and not any(part in columns for part in parts):
        return [asked, *parts]
    return [asked]
