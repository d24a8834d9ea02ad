"""Columns of Arrow tables and data frames: as they are written, and as numbers, words or files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...base.errors import DataError
from ...base.libraries import type_errors
from ...targets.base import objects
from ...targets.names import is_missing
from ..schema import NUMBERS, ColumnSchema, TableSchema
from .class_labels import class_names, features_of, has_names, named
from .in_cells import as_files
from .kinds import category_words, conform, decide, label_values
from .row_ids import index_words
from .times import dates as dates
from .written import Written, from_objects, written

MARK = b"landbridge"
"""Key of a table's metadata under which a reader of text files says how it was read."""


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
    written : dict of str to Written
        Columns as the file or the frame has them.
    schema : dict of str to ColumnSchema
        What they were taken for.
    notes : list of str
        What is to be said about them.
    index : list of str or None, length n
        What a data frame calls its rows.
    """

    values: dict[str, np.ndarray] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    class_names: dict[str, list[str]] = field(default_factory=dict)
    lists: dict[str, np.ndarray] = field(default_factory=dict)
    written: dict[str, Written] = field(default_factory=dict)
    schema: dict[str, ColumnSchema] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    index: list[str] | None = None

    def __len__(self) -> int:
        for columns in (self.values, self.lists):
            for array in columns.values():
                return len(array)
        return 0

    def select(self, rows: np.ndarray) -> Columns:
        """Return the rows at integer `rows`."""
        values = {name: array[rows] for name, array in self.values.items()}
        lists = {name: array[rows] for name, array in self.lists.items()}
        exact = {name: column.take(rows) for name, column in self.written.items()}
        index = None if self.index is None else [self.index[i] for i in rows]
        return replace(self, values=values, lists=lists, written=exact, index=index)

    def add(self, column: Written | None, name: str, kind: Any, commas: bool = False) -> None:
        """Take a column in, as what it is; `kind` is what a type that is of no use is called."""
        from pyarrow import types

        found = None if column is None else decide(column, commas=commas)
        if column is not None and found is not None:
            schema, values = found
            self.values |= values
            self.schema[name] = schema
            self.written[name] = column
            return
        self.left_out.append(f"{name} ({kind})")
        if column is not None and _is_list(types, column.array.type):
            self.lists[name] = objects(column.array.to_pylist())

    def words(self, name: str, *, with_missing: bool = False) -> np.ndarray:
        """Return what is written in a column, str or None; contents of files as they are."""
        schema = self.schema.get(name)
        if name not in self.written or schema is None or schema.kind == "files":
            return self.values[name]
        return self.written[name].words(with_missing=with_missing)

    def labels(self, name: str, words: np.ndarray | None = None) -> np.ndarray:
        """Return a column as labels: whole numbers exact, words as they are written."""
        schema = self.schema.get(name)
        if name not in self.written or schema is None or schema.kind == "files":
            return self.values[name]
        return objects(label_values(self.written[name], schema, words))

    def categories(self, name: str) -> np.ndarray:
        """Return a column as categories, by what it is: 3, 3.0 and "3" are one, "03" another."""
        if name not in self.written:
            return self.values[name]
        return category_words(self.written[name], self.schema[name])

    def conforming(self, wanted: TableSchema | None, name: str) -> Columns:
        """Return the columns as those of another table were taken, with notes.

        Raises
        ------
        DataError
            Where one holds something else.
        """
        if wanted is None:
            return self
        values, schema, notes = dict(self.values), dict(self.schema), list(self.notes)
        for column in wanted.columns:
            if column.name not in self.written or column.role not in ("feature", "label"):
                continue
            both = (column.kind, schema[column.name].kind)
            if column.role == "label" and not all(kind in NUMBERS for kind in both):
                continue
            own = {
                key: array
                for key, array in self.values.items()
                if key == column.name or key.startswith(f"{column.name} (")
            }
            kept, found, note = conform(
                self.written[column.name], schema[column.name], own, column, name
            )
            if kept.kind != schema[column.name].kind:
                values = {k: v for k, v in values.items() if k not in own or k in self.written}
            values |= found
            schema[column.name] = kept
            notes += [note] if note else []
        return replace(self, values=values, schema=schema, notes=notes)


def from_arrow(table: Any, features: Mapping[str, Any] | None = None) -> Columns:
    """Return the columns of a `pyarrow.Table`; `features` as its schema says where not given."""
    try:
        own = table.column_names
    except UnicodeDecodeError as error:
        raise DataError(
            f"the table has a column whose name is no UTF-8: {error.object!r}",
            hint="name it anew, or write the table again",
        ) from error
    metadata = table.schema.metadata or {}
    mark = json.loads(metadata.get(MARK, b"{}"))
    if features is None:
        features = features_of(metadata)
    names = {name: class_names(feature) for name, feature in features.items()}
    columns = Columns(class_names={name: each for name, each in names.items() if each})
    for index, name in enumerate(own):
        array, one = table.column(index), table.schema.field(index)
        _check_whole(array, name, str(mark.get("path", "the table")))
        column: Written | None
        if (kind := _extension(one)) == "pandas.period":
            column = written(name, _periods(array, one))
        elif kind == "arrow.json":
            cells = written(name, array).array.to_pylist()
            column = from_objects(name, [_json(cell) for cell in cells])
        else:
            again = _again(name, mark, len(table)) if "path" in mark else None
            column = written(name, array, mark.get("typed", "yes"), again)
        columns.add(column, name, one.type, bool(mark.get("commas")))
    for name, lists in columns.lists.items():
        if has_names(feature := features.get(name)):
            rows = [
                named(row, feature, f"row {i}, column {name!r}") for i, row in enumerate(lists, 1)
            ]
            columns.lists[name] = objects(rows)
    return columns


def from_frame(frame: Any) -> Columns:
    """Return the columns of a data frame (anything with ``columns`` and ``to_numpy``)."""
    columns = Columns(index=index_words(frame))
    names = [str(name) for name in frame.columns]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"the frame has several columns called {doubled}", hint="name each its own")
    for name in frame.columns:
        found = frame[name]
        column = from_series(str(name), found)
        columns.add(column, str(name), getattr(found, "dtype", type(found).__name__))
    return columns


def from_series(name: str, found: Any) -> Written | None:
    """Return one column of a frame, or any array (n,); None where it is of no use."""
    import pyarrow as pa

    if hasattr(found, "to_arrow"):
        return written(name, found.to_arrow())
    kind = type(getattr(found, "dtype", None)).__name__
    if kind == "PeriodDtype":
        found = found.dt.to_timestamp()
    elif kind == "SparseDtype":
        found = np.asarray(found)
    elif kind == "NoneType":
        found = np.asarray(found, dtype=object)
    elif type(getattr(getattr(found, "cat", None), "categories", None)).__name__ == "IntervalIndex":
        kind = "IntervalDtype"
    if kind == "IntervalDtype" or any(type(x).__name__ == "Interval" for x in _some(found)):
        # as of pandas.cut: each is a word, "(0, 18]"
        found = np.array([None if is_missing(x) else str(x) for x in found], dtype=object)
    dtype = found.dtype
    if (isinstance(found, np.ndarray) and dtype.kind in "SU") or dtype.kind == "T":
        found = np.asarray(found, dtype=object)
        dtype = found.dtype
    if dtype.kind == "O":
        values = list(found)
        values = as_files(name, values) or values
        if any(isinstance(value, bytes) for value in values) and dtype.kind != "S":
            values = [None if value is None or value != value else value for value in values]
        return from_objects(name, values)
    try:
        return written(name, pa.array(found, from_pandas=True))
    except type_errors():
        return None


def _some(found: Any) -> Any:
    """Return the first objects of a column of objects."""
    return list(found[:20]) if getattr(found.dtype, "kind", "") == "O" else ()


def plain_column(values: np.ndarray) -> np.ndarray | None:
    """Return one column as float64, or as objects that are str or None.

    Returns
    -------
    ndarray of shape (n,), or None
        None where it is neither numbers nor words (dates, lists, ...).
    """
    if values.ndim != 1:
        return None
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    columns = Columns()
    columns.add(from_series("x", values), "x", values.dtype)
    if columns.schema and columns.schema["x"].kind in ("datetime", "time", "duration"):
        return None
    return columns.values.get("x")


def _is_list(types: Any, kind: Any) -> bool:
    return bool(
        types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    ) or str(kind).startswith(("list_view", "large_list_view"))


def _again(name: str, mark: Mapping[str, Any], n: int) -> Callable[[], Any] | None:
    """Return what reads a column of a text file once more, every word being a word."""
    if mark.get("rows") != n:  # tables of several files put together
        return None

    def read() -> Any:
        from .table import words_as_written

        return words_as_written(name, mark)

    return read


def _extension(one: Any) -> str:
    """Return the name of a field's extension type, "" where it has none."""
    own = getattr(one.type, "extension_name", "")
    return own or (one.metadata or {}).get(b"ARROW:extension:name", b"").decode()


_PERIODS = {"Y": "Y", "A": "Y", "M": "M", "W": "W", "D": "D", "h": "h", "H": "h"}


def _periods(array: Any, one: Any) -> Any:
    """Return pandas' periods, counted since 1970, as the times when they begin."""
    import pyarrow as pa

    said = (one.metadata or {}).get(b"ARROW:extension:metadata", b"{}")
    freq = getattr(one.type, "freq", None) or json.loads(said or b"{}").get("freq", "")
    storage = written("", array).array
    counts = storage.to_pylist()
    if freq[:1] == "Q":
        counts, freq = [None if c is None else 3 * c for c in counts], "M"
    unit = _PERIODS.get(freq[:1])
    if unit is None:
        return storage
    begin = [
        None if c is None else np.array(c, f"datetime64[{unit}]").astype("datetime64[ms]")
        for c in counts
    ]
    return pa.array(np.array(begin, "datetime64[ms]"))


def _json(cell: str | None) -> Any:
    try:
        return None if cell is None else json.loads(cell)
    except ValueError:
        return cell


def _check_whole(column: Any, name: str, where: str) -> None:
    """Raise DataError where a column is not what its type says: Arrow itself would read beyond it.

    A string that is no UTF-8 is named with its row.
    """
    import pyarrow as pa

    try:
        return column.validate(full=True)
    except pa.ArrowException as error:
        for row, cell in enumerate(_raw(column), 1):
            try:
                (cell or b"").decode()
            except UnicodeDecodeError:
                raise DataError(
                    f"{where}: column {name!r} holds {cell!r} in row {row}, which is no UTF-8",
                    hint="write the table again with its texts in UTF-8, or leave the column out",
                ) from error
        raise DataError(
            f"{where}: column {name!r} is damaged: {error}", hint="write the table again"
        ) from error


def _raw(column: Any) -> list[bytes | None]:
    """Return strings as bytes; none where they do not lie where the column says."""
    import pyarrow as pa

    as_bytes = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}
    if column.type not in as_bytes:
        return []
    found = pa.chunked_array([one.view(as_bytes[column.type]) for one in column.chunks])
    try:
        found.validate(full=True)
    except pa.ArrowException:
        return []
    return list(found.to_pylist())


def rows_of(name: str, values: Sequence[Mapping[str, Any]]) -> Columns:
    """Return objects, one a row, as columns: names in the order in which they first come."""
    columns = Columns()
    names = list(dict.fromkeys(key for row in values for key in row))
    for key in names:
        cells = [row.get(key) for row in values]
        column = from_objects(str(key), cells)
        if column is not None and column.is_strings and column.typed == "yes":
            column = Written(column.name, column.array, "strings")
        columns.add(column, str(key), "mixed")
        if column is None and all(cell is None or isinstance(cell, list) for cell in cells):
            columns.lists[str(key)] = objects(cells)
    return columns
