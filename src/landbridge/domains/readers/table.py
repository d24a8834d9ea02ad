"""Tables in files: CSV, TSV and Parquet."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...base import cells
from ...base.errors import DataError
from ...base.events import SILENT, Events
from ...base.files import lines_of
from ...base.inside import Place
from ...base.libraries import type_errors
from ...base.shown import encodable
from ...base.typed import JsonObject
from ...isolation import json_lines
from ...isolation.ask import isolated
from ..domain import Domain
from .base import READERS, Reader, ReadOptions
from .columns import MARK, Columns, from_arrow, rows_of
from .encodings import to_utf8
from .frame import frame_domain
from .header import Start, is_number, start_of
from .numbers import MISSING_WORDS
from .parquet_files import read_parquet
from .written import plain_array

_TEXT = (".csv", ".tsv", ".data", ".txt")
_PARQUET = (".parquet", ".pq")
_LINES = (".jsonl", ".ndjson", ".json")


@READERS.register("table")
class Table(Reader):
    """Reads a CSV, TSV, JSONL or Parquet file: features, texts, or images by path or in it.

    The label column, a column of images or texts, and a split column are found by name and
    values, and said in `Domain.notes`. A first line that holds no names is read as data, with the
    columns "x0", "x1", ... A ``.txt`` file without columns is a text a line. A file that is not
    UTF-8 is read in the encoding that it is marked with or named to be in, or is Western.
    """

    summary = "a CSV, TSV, JSONL or Parquet table of features, texts or images; lines of text"
    order = 30

    def accepts(self, what: Any) -> bool:
        """Whether it is a file with one of the endings."""
        return (
            isinstance(what, str | Path)
            and Path(what).suffix.lower() in (*_TEXT, *_PARQUET, *_LINES)
            and Path(what).is_file()
        )

    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Read the file.

        Raises
        ------
        DataError
            Where the file is damaged, a named column is missing, or the label column
            holds no classes.
        """
        path = Path(what)
        columns, notes = file_columns(path, options)
        domain = frame_domain(
            columns,
            options,
            name=options.name or encodable(path.stem),
            folder=Place(path.resolve().parent),  # somebody named this table
            first_row=1,
            events=events,
        )
        return domain.noting(*notes)


def file_columns(path: Path, options: ReadOptions) -> tuple[Columns, tuple[str, ...]]:
    """Return the columns of a file, and what there is to say about it."""
    schema = options.wanted_schema
    column_names = {options.label, *(options.columns or ()), *(c.name for c in schema.columns)} - {
        None
    }
    encoding = options.encoding or schema.encoding
    if path.suffix.lower() in _LINES:
        columns, notes = json_columns(path, encoding)
    else:
        table, notes = arrow_table(path, encoding, {str(name) for name in column_names})
        columns = from_arrow(table)
    return columns, tuple(notes)


def arrow_table(
    path: Path, encoding: str | None = None, column_names: Collection[str] = ()
) -> tuple[Any, tuple[str, ...]]:
    """Return a file as a `pyarrow.Table`, and what there is to say about it.

    Columns of a text table are strings, as they are written; its metadata say so to `from_arrow`.

    Parameters
    ----------
    path : Path
    encoding : str, optional
        Of text files that are not UTF-8.
    column_names : collection of str
        Names that columns should have.

    Raises
    ------
    DataError
        Where it is damaged.
    """
    if path.suffix.lower() in _PARQUET:
        return read_parquet(path), ()
    if path.suffix.lower() in _LINES:
        return _json_table(path, encoding), ()
    content, note = to_utf8(path, encoding)
    notes = (note,) if note else ()
    if path.suffix.lower() == ".txt" and not _has_columns(content):
        return _plain_lines(content), notes
    table, said = _text(path, content, column_names, encoding)
    return table, (*notes, *said)


def json_columns(path: Path, encoding: str | None) -> tuple[Columns, tuple[str, ...]]:
    """Return the columns of a file of JSON, in a list or a line each, and what to say.

    Raises
    ------
    DataError
        Where it is damaged, naming the line.
    """
    found, notes = _json_read(path, encoding)
    return rows_of(path.name, found) if isinstance(found, list) else from_arrow(found), notes


def _json_read(path: Path, encoding: str | None) -> tuple[Any, tuple[str, ...]]:
    """Return a file of JSON as a `pyarrow.Table`, or a list of rows where Arrow has no types."""
    content, note = to_utf8(path, encoding, guess=False)
    notes = (note,) if note else ()
    if content[:200].lstrip().startswith(b"["):  # one list of objects
        return _objects_of(path, content), notes
    try:
        (table,) = isolated(json_lines.table, path, content)
    except DataError:  # Python reads what Arrow has no types for, or says what is wrong where
        return _lines_of(path, content), notes
    mark = {MARK: json.dumps({"typed": "strings"}).encode()}
    return table.replace_schema_metadata(mark), notes


def _json_table(path: Path, encoding: str | None) -> Any:
    """Return a file of JSON as a table of what it holds, strings as strings."""
    import pyarrow as pa

    found, _ = _json_read(path, encoding)
    if not isinstance(found, list):
        return found
    columns = rows_of(path.name, found)
    arrays = {name: column.array for name, column in columns.written.items()}
    for name in dict.fromkeys(key for row in found for key in row):
        if name not in arrays:  # lists and objects: answers with a structure
            try:
                arrays[name] = pa.array([row.get(name) for row in found])
            except type_errors() as error:
                raise DataError(
                    f"{path}: column {name!r} holds values of different kinds: {error}",
                    hint="write the same kind of value in every row",
                ) from error
    mark = {MARK: json.dumps({"typed": "strings"}).encode()}
    return pa.table(arrays).replace_schema_metadata(mark)


def _objects_of(path: Path, content: bytes) -> list[JsonObject]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no whole JSON: {error}", hint="write it again") from error
    if not all(isinstance(item, dict) for item in found):
        raise DataError(f"{path} is a list of other things than objects", hint="one object a row")
    return found


def _lines_of(path: Path, content: bytes) -> list[JsonObject]:
    """Return the objects of JSON lines that Arrow has no types for: mixed, or very long."""
    found = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{path} cannot be read as JSON lines: line {number} is no whole JSON: {error}",
                hint="write one object a line",
            ) from error
        if not isinstance(row, dict):
            raise DataError(
                f"{path} cannot be read as JSON lines: line {number} is no object: {str(row)[:60]}",
                hint="write one object a line",
            )
        found.append(row)
    return found


_MARKS = ("\t", ";", "|")
"""What separates columns in a .txt file; a comma is as likely to be one of a sentence."""


def _has_columns(content: bytes) -> bool:
    """Whether a .txt file has as many of one mark in each of its first lines."""
    first = content[: 1 << 16].decode("utf-8", errors="replace").split("\n")[:20]
    lines = [line for line in first if line.strip()]
    for mark in _MARKS:
        counts = {line.count(mark) for line in lines}
        if len(counts) == 1 and counts != {0}:
            return True
    cells = [cell for line in lines for cell in line.split(",")]
    return all(cell.strip() in MISSING_WORDS or is_number(cell) for cell in cells)


def _plain_lines(content: bytes) -> Any:
    import pyarrow as pa

    return pa.table({"text": pa.array(lines_of(content.decode()), pa.string())})


def _text(
    path: Path, content: bytes, column_names: Collection[str], encoding: str | None
) -> tuple[Any, tuple[str, ...]]:
    """Return a CSV's columns as strings; a quoted word is a word, whatever it says."""
    plain, tabs = path.suffix.lower() == ".txt", path.suffix.lower() == ".tsv"
    start = start_of(content, path.name, tabs=tabs, plain=plain, column_names=column_names)
    if start is None:
        raise DataError(
            f"{path} is empty or begins with an empty line", hint="put the column names first"
        )
    table = _parsed(path, content, start, MISSING_WORDS)
    doubled = sorted({c for c in table.column_names if table.column_names.count(c) > 1})
    if doubled:
        raise DataError(
            f"{path} has several columns called {doubled}", hint="give each its own name"
        )
    mark = {
        "typed": "no",
        "path": str(path),
        "rows": len(table),
        "commas": start.delimiter == ";",
        "encoding": encoding,
        "names": start.names,
    }
    return table.replace_schema_metadata({MARK: json.dumps(mark).encode()}), start.notes


def _parsed(
    path: Path,
    content: bytes,
    start: Start,
    missing: Sequence[str],
    only: list[str] | None = None,
) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    plain = path.suffix.lower() == ".txt"
    names = None if start.names else [f"x{i}" for i in range(len(start.fields))]
    lone = len(start.fields) == 1  # an empty line is then an empty cell, and not the end
    if lone:
        content = content.rstrip(b"\r\n")
    read = csv.ReadOptions(
        column_names=names,
        skip_rows=start.skip,
        # Threads of a small table are alive still where a refusal ends the process at once.
        use_threads=len(content) > 1 << 20,
        # One block: rows are parsed alike, however long they are.
        block_size=min(max(len(content), 1 << 16) + 1, 2**31 - 1),
    )
    parse = csv.ParseOptions(
        delimiter=start.delimiter,
        newlines_in_values=not plain,
        quote_char=False if plain else '"',  # a quotation mark in a text is just that
        ignore_empty_lines=not lone,
    )
    buffer = pa.py_buffer(content)
    try:
        table = csv.read_csv(
            pa.BufferReader(buffer),
            read_options=read,
            parse_options=parse,
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names or start.fields, pa.string()),
                null_values=list(missing),
                strings_can_be_null=bool(missing),
                quoted_strings_can_be_null=False,
                include_columns=only,
            ),
        )
        return _as_before(table) if start.names and set(start.fields) >= cells.OURS else table
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise DataError(
            f"{path} cannot be read as a table: {error}",
            hint="check that every row has as many fields as the first",
        ) from error


def _as_before(table: Any) -> Any:
    """Return a table of predictions without the marks that keep spreadsheets from running cells."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for i, name in enumerate(table.column_names):
        column = table.column(i)
        if pc.any(pc.starts_with(column, cells.MARK)).as_py():
            plain = [None if one is None else cells.unmarked(one) for one in column.to_pylist()]
            table = table.set_column(i, name, pa.array(plain, pa.string()))
    return table


def words_as_written(name: str, mark: Mapping[str, Any]) -> Any:
    """Return a column of a text table with every word as one, none of them a missing value.

    Parameters
    ----------
    name : str
    mark : mapping
        What the table's metadata say of how it was read.
    """
    path = Path(mark["path"])
    plain, tabs = path.suffix.lower() == ".txt", path.suffix.lower() == ".tsv"
    content, _ = to_utf8(path, mark["encoding"])
    start = start_of(content, path.name, tabs=tabs, plain=plain)
    assert start is not None
    start = replace(start, names=mark["names"])
    return plain_array(_parsed(path, content, start, (), [name]).column(name))
