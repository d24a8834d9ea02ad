"""Columns of Arrow tables and data frames as plain arrays of numbers, words or images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Number
from typing import Any

import numpy as np

from ..answers import objects
from ..domain import class_name, is_missing


@dataclass
class Columns:
    """A table in memory.

    Attributes
    ----------
    values : dict of str to ndarray, shape (n,)
        float64 (NaN is missing), or object: str, or bytes of an image; None is missing.
    left_out : list of str
        Columns of a type that is neither number, word, date nor image, "name (type)".
    class_names : dict of str to list of str
        Columns that hold indices into these names (Hugging Face's ClassLabel).
    lists : dict of str to ndarray, shape (n,)
        Columns with a list in each row: no features, but labels, several a row.
    """

    values: dict[str, np.ndarray] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    class_names: dict[str, list[str]] = field(default_factory=dict)
    lists: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.values.values()))) if self.values else 0

    def select(self, rows: np.ndarray) -> Columns:
        """Return the rows at integer `rows`."""
        values = {name: array[rows] for name, array in self.values.items()}
        lists = {name: array[rows] for name, array in self.lists.items()}
        return Columns(values, self.left_out, self.class_names, lists)


def from_arrow(table: Any) -> Columns:
    """Return the columns of a `pyarrow.Table`."""
    import pyarrow as pa
    from pyarrow import types

    columns = Columns(class_names=_class_labels(table.schema.metadata))
    for index, name in enumerate(table.column_names):
        array = table.column(index)
        if types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
        kind = array.type
        if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
            values = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        elif types.is_timestamp(kind) or types.is_date(kind):
            days = array.cast(pa.timestamp("ms")).to_numpy(zero_copy_only=False)
            columns.values |= dates(name, days)
            continue
        elif types.is_null(kind):
            values = np.full(len(array), np.nan)
        elif types.is_string(kind) or types.is_large_string(kind) or types.is_boolean(kind):
            values = _objects([class_name(value) for value in array.to_pylist()])
        elif types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
            values = _objects([_image_of(value) for value in array.to_pylist()])
        elif types.is_binary(kind) or types.is_large_binary(kind):
            values = _objects(array.to_pylist())
        else:
            columns.left_out.append(f"{name} ({kind})")
            if types.is_list(kind) or types.is_large_list(kind):
                columns.lists[name] = objects(array.to_pylist())
            continue
        columns.values[name] = np.array(values)
    return columns


def from_frame(frame: Any) -> Columns:
    """Return the columns of a data frame (anything with ``columns`` and ``to_numpy``)."""
    columns = Columns()
    for name in frame.columns:
        found = frame[name]
        values = found.to_numpy() if hasattr(found, "to_numpy") else np.asarray(found)
        if values.dtype.kind == "M":
            columns.values |= dates(str(name), values)
            continue
        converted = plain_column(values)
        if converted is None:
            columns.left_out.append(f"{name} ({values.dtype})")
            if values.ndim == 1 and all(_is_list(value) or is_missing(value) for value in values):
                columns.lists[str(name)] = objects(list(values))
        else:
            columns.values[str(name)] = converted
    return columns


def dates(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return a column of dates as columns of numbers, NaN where there is none.

    Days since 1970 under its own name, and beside it the month (1 to 12) and the day of the week
    (0 is Monday): what recurs is not told by a number that only grows.

    Examples
    --------
    >>> found = dates("seen", np.array(["1970-01-03", "NaT"], "datetime64[ms]"))
    >>> {key: column.tolist() for key, column in found.items()}
    {'seen': [2.0, nan], 'seen (month)': [1.0, nan], 'seen (weekday)': [5.0, nan]}
    """
    when = np.asarray(values).astype("datetime64[ms]")
    gone = np.isnat(when)
    safe = np.where(gone, np.datetime64(0, "ms"), when)
    day = safe.astype("datetime64[D]").astype(np.int64)
    found = {
        name: safe.astype(np.int64) / 86_400_000,
        f"{name} (month)": safe.astype("datetime64[M]").astype(np.int64) % 12 + 1.0,
        f"{name} (weekday)": (day + 3) % 7 + 0.0,
    }
    return {key: np.where(gone, np.nan, column) for key, column in found.items()}


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset | np.ndarray)


def plain_column(values: np.ndarray) -> np.ndarray | None:
    """Return one column as float64, or as objects that are str or None.

    Returns
    -------
    ndarray of shape (n,), or None
        None where it is neither numbers nor words (dates, lists, ...).
    """
    if values.ndim != 1:
        return None
    if values.dtype.kind in "iuf":
        return values.astype(np.float64)
    if values.dtype.kind in "bUST":
        return _objects([class_name(value) for value in values.tolist()])
    if values.dtype != object:
        return None
    given = [value for value in values if not is_missing(value)]
    if all(isinstance(value, Number | Decimal) and not isinstance(value, bool) for value in given):
        if any(isinstance(value, complex) for value in given):
            return None
        return np.array([np.nan if is_missing(v) else float(v) for v in values])
    if all(isinstance(value, bytes) for value in given):
        return _objects([None if is_missing(value) else value for value in values])
    if all(isinstance(value, str | bool | Number) for value in given):
        return _objects([class_name(value) for value in values])
    if all(isinstance(value, dict) and "bytes" in value for value in given):
        return _objects([_image_of(value) for value in values])
    return None


def _objects(values: Sequence[Any]) -> np.ndarray:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _image_of(value: Any) -> bytes | str | None:
    """Return the bytes in Hugging Face's {bytes, path}, or the path where there are none."""
    if is_missing(value):
        return None
    return value.get("bytes") or value.get("path")


def _class_labels(metadata: Any) -> dict[str, list[str]]:
    """Return the class names that Hugging Face's datasets keep in a schema's metadata."""
    if not metadata or b"huggingface" not in metadata:
        return {}
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {
            name: [str(x) for x in feature["names"]]
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}  # only names are lost: the labels stay numbers
