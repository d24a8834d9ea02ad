"""Tables in files: CSV, TSV and Parquet."""

from __future__ import annotations

import itertools
import json as json_
from pathlib import Path
from typing import Any

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ..domain import Domain
from .base import READERS, Reader, ReadOptions
from .columns import from_arrow
from .frame import frame_domain

_TEXT = (".csv", ".tsv", ".data", ".txt")
_PARQUET = (".parquet", ".pq")
_LINES = (".jsonl", ".ndjson", ".json")
MISSING_WORDS = ("", "?", "NA", "N/A", "n/a", "#N/A", "nan", "NaN", "null", "NULL")
"""What is read as "no value" in a text table."""


@READERS.register("table")
class Table(Reader):
    """Reads a CSV, TSV, JSONL or Parquet file: features, texts, or images by path or in it.

    The label column, a column of images or texts, and a split column are found by name and
    values, and said in `Domain.notes`. A first line of numbers only (in ``.txt``: with a number
    in it) is read as data, with the columns "x0", "x1", ... A ``.txt`` file without columns is a
    text a line.
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
        table, notes = arrow_table(path)
        domain = frame_domain(
            from_arrow(table),
            options,
            name=options.name or path.stem,
            folder=path.resolve().parent,
            first_row=1,
            events=events,
        )
        return domain.noting(*notes)


def arrow_table(path: Path) -> tuple[Any, tuple[str, ...]]:
    """Return a file as a `pyarrow.Table`, and what there is to say about it.

    Raises
    ------
    DataError
        Where it is damaged.
    """
    if path.suffix.lower() in _PARQUET:
        return _parquet(path), ()
    if path.suffix.lower() in _LINES:
        return _json_lines(path), ()
    if path.suffix.lower() == ".txt" and not _has_columns(path):
        return _plain_lines(path), ()
    return _text(path)


def _parquet(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Through an open file: a path would also add columns from names like "year=2020/".
        with path.open("rb") as file:
            return pq.read_table(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{path} is no whole Parquet file: {error}", do="write or download it again"
        ) from error


def _json_lines(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import json

    try:
        with path.open("rb") as file:
            if file.read(200).lstrip().startswith(b"["):  # one list of objects
                return pa.Table.from_pylist(_objects_of(path))
        size = max(path.stat().st_size + 1, 1 << 16)
        return json.read_json(path, read_options=json.ReadOptions(block_size=min(size, 2**31 - 1)))
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{path} cannot be read as JSON lines: {error}",
            do="write one object a line, with values of one type under each name",
        ) from error


def _objects_of(path: Path) -> list[dict[str, Any]]:
    try:
        found = json_.loads(path.read_text("utf-8-sig"))
    except (json_.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no whole JSON: {error}", do="write it again") from error
    if not all(isinstance(item, dict) for item in found):
        raise DataError(f"{path} is a list of other things than objects", do="one object a row")
    return found


_MARKS = ("\t", ";", "|")
"""What separates columns in a .txt file; a comma is as likely to be one of a sentence."""


def _has_columns(path: Path) -> bool:
    """Whether a .txt file has as many of one mark in each of its first lines."""
    with path.open("rb") as file:
        first = [line.decode("utf-8-sig", errors="replace") for line in itertools.islice(file, 20)]
    lines = [line for line in first if line.strip()]
    for mark in _MARKS:
        counts = {line.count(mark) for line in lines}
        if len(counts) == 1 and counts != {0}:
            return True
    cells = [cell for line in lines for cell in line.split(",")]
    return all(cell.strip() in MISSING_WORDS or _is_number(cell) for cell in cells)


def _plain_lines(path: Path) -> Any:
    import pyarrow as pa

    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8: {error}", do="save it as UTF-8") from error
    return pa.table({"text": pa.array(lines, pa.string())})


def _text(path: Path) -> tuple[Any, tuple[str, ...]]:
    import pyarrow as pa
    from pyarrow import csv

    with path.open("rb") as file:
        first = file.readline().decode("utf-8-sig", errors="replace").strip("\r\n")
    if not first.strip():
        raise DataError(
            f"{path} is empty or begins with an empty line", do="put the column names first"
        )
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(first)
    fields = [field.strip().strip('"') for field in first.split(delimiter)]
    plain = path.suffix.lower() == ".txt"
    numbers = [field in MISSING_WORDS or _is_number(field) for field in fields]
    headless = any(numbers) if plain else all(numbers)
    size = path.stat().st_size
    try:
        table = csv.read_csv(
            path,
            read_options=csv.ReadOptions(
                column_names=[f"x{i}" for i in range(len(fields))] if headless else None,
                # One block, so that a column's type is found from all of its values.
                block_size=min(max(size, 1 << 16) + 1, 2**31 - 1),
            ),
            parse_options=csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=not plain,
                quote_char=False if plain else '"',  # a quotation mark in a text is just that
            ),
            convert_options=csv.ConvertOptions(
                null_values=list(MISSING_WORDS), strings_can_be_null=True
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise DataError(
            f"{path} cannot be read as a table: {error}",
            do="check that every row has as many fields as the first, in UTF-8",
        ) from error
    doubled = sorted({c for c in table.column_names if table.column_names.count(c) > 1})
    if doubled:
        raise DataError(f"{path} has several columns called {doubled}", do="give each its own name")
    said = f"the first line of {path.name} holds no names: columns are called x0, x1, ..."
    return table, (said,) if headless else ()


def _delimiter(line: str) -> str:
    counts = {mark: line.count(mark) for mark in (",", ";", "\t", "|")}
    if line.count("\t"):
        return "\t"  # never in a word, as the others may be
    return max(counts, key=lambda mark: counts[mark])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
