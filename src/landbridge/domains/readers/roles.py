"""What the user says that columns are: left out, words, or numbers."""

from __future__ import annotations

import numpy as np

from ...base.errors import DataError
from ...targets.names import class_name
from ..modalities.table import missing
from .base import ReadOptions
from .columns import Columns
from .frame_media import column_of
from .numbers import spelled
from .written import objects_of


def with_roles(
    values: dict[str, np.ndarray],
    columns: Columns,
    options: ReadOptions,
    name: str,
    notes: list[str],
) -> dict[str, np.ndarray]:
    """Return the columns as `drop`, `categorical` and `numeric` want them.

    Raises
    ------
    DataError
        Where there is no such column, or a word stands where a number was wanted.
    """
    dropped = {column_of(values, column, "drop", name) for column in options.drop or ()}
    for column in list(dropped):  # a date is several columns
        dropped |= {other for other in values if other.startswith(f"{column} (")}
    if dropped:
        notes.append(f"columns left out as asked: {', '.join(map(repr, sorted(dropped)))}")
    found = {column: array for column, array in values.items() if column not in dropped}
    both = () if options.together is None else options.together.words
    for column in (*(options.categorical or ()), *(c for c in both if c in found)):
        column = column_of(found, column, "categorical", name)
        words = columns.categories(column)
        if words.dtype != object:
            words = objects_of([class_name(value) for value in words.tolist()])
        for other in (f"{column} (month)", f"{column} (weekday)"):
            found.pop(other, None)
        found[column] = words
    for column in options.numeric or ():
        array = found[column_of(found, column, "numeric", name)]
        if array.dtype == object:
            found[column] = _numbers(array, column, name)
    return found


def _numbers(array: np.ndarray, column: str, name: str) -> np.ndarray:
    import pyarrow as pa

    given = pa.array(
        [None if gone else str(value) for value, gone in zip(array, missing(array), strict=True)],
        pa.string(),
    )
    found = spelled(given)
    if found is not None and not found.odd.any():
        return found.values
    for i in np.flatnonzero(~missing(array)).tolist():
        if spelled(given.slice(i, 1)) is None:
            raise DataError(
                f"{name}: column {column!r} holds {array[i]!r} in row {i + 1}, expected a number",
                hint="correct the value, leave it empty if it is missing, or read it as words",
            )
    raise DataError(
        f"{name}: column {column!r} holds numbers in several spellings", hint="write all alike"
    )
