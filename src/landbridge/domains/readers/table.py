"""Tables in files: CSV, TSV and Parquet."""

from __future__ import annotations

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
MISSING_WORDS = ("", "?", "NA", "N/A", "n/a", "#N/A", "nan", "NaN", "null", "NULL")
"""What is read as "no value" in a text table."""


@READERS.register("table")
class Table(Reader):
    """Reads a CSV, TSV or Parquet file: features, or images by path or in the file.

    The label column, an image column and a split column are found by name and values, and
    said in `Domain.notes`. A first line of numbers only is read as data, with the columns
    "x0", "x1", ...
    """

    summary = "a CSV, TSV or Parquet table of features, of image paths, or with images in it"
    order = 30

    def accepts(self, what: Any) -> bool:
        """Whether it is a file with one of the endings."""
        return (
            isinstance(what, str | Path)
            and Path(what).suffix.lower() in (*_TEXT, *_PARQUET)
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
        notes: tuple[str, ...] = ()
        if path.suffix.lower() in _PARQUET:
            table = _parquet(path)
        else:
            table, notes = _text(path)
        domain = frame_domain(
            from_arrow(table),
            options,
            name=options.name or path.stem,
            folder=path.resolve().parent,
            first_row=1,
            events=events,
        )
        return domain.noting(*notes)


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
    headless = all(field in MISSING_WORDS or _is_number(field) for field in fields)
    size = path.stat().st_size
    try:
        table = csv.read_csv(
            path,
            read_options=csv.ReadOptions(
                column_names=[f"x{i}" for i in range(len(fields))] if headless else None,
                # One block, so that a column's type is found from all of its values.
                block_size=min(max(size, 1 << 16) + 1, 2**31 - 1),
            ),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
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
    counts = {mark: line.count(mark) for mark in (",", ";", "\t")}
    return max(counts, key=lambda mark: counts[mark])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
