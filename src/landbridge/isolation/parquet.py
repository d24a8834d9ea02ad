"""What is read of Parquet files, in the process that reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..base.errors import DataError
from ..base.growth import TIMES, check_growth, most_bytes

_WORD, _NUMBER = 64, 8
"""Bytes that a cell takes in memory at least."""


def whole(file: str, name: str, columns: Sequence[str] | None) -> Iterator[Any]:
    """Yield a file as one table, of all columns or of some."""
    import pyarrow.parquet as pq

    with _opened(file, name) as opened:
        yield pq.read_table(opened, columns=columns)


def head(file: str, name: str) -> Iterator[Any]:
    """Yield a table without rows, and one of how many there are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _opened(file, name) as opened:
        found = pq.ParquetFile(opened)
        yield found.schema_arrow.empty_table()
        yield pa.table({"rows": [found.metadata.num_rows]})


def batches(file: str, name: str, column: str, rows: int) -> Iterator[Any]:
    """Yield a column, so many rows at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _opened(file, name) as opened:
        for batch in pq.ParquetFile(opened).iter_batches(batch_size=rows, columns=[column]):
            yield pa.Table.from_batches([batch])


@contextmanager
def _opened(file: str, name: str) -> Iterator[IO[bytes]]:
    """Open a file and look at what it would become; raise DataError where it is damaged."""
    import pyarrow as pa

    try:
        # Through an open file: a path would also add columns from names like "year=2020/".
        with open(file, "rb") as opened:
            _check(opened, name, Path(file).stat().st_size)
            opened.seek(0)
            yield opened
    except DataError:
        raise
    except (pa.ArrowException, OSError, MemoryError, ValueError) as error:
        raise DataError(
            f"{name} is no whole Parquet file: {error}", hint="write or download it again"
        ) from error


def _check(file: IO[bytes], name: str, size: int) -> None:
    """Raise DataError where a small file would take gigabytes.

    Equal values are kept once in a file, and a column of one value has next to no size: rows are
    counted by what the file says of itself, and words by their dictionary.
    """
    import pyarrow.parquet as pq

    metadata = pq.ParquetFile(file).metadata
    claimed, packed = 0, 0
    words: set[str] = set()
    for group in range(metadata.num_row_groups):
        own = metadata.row_group(group)
        for i in range(metadata.num_columns):
            chunk = own.column(i)
            long = chunk.physical_type == "BYTE_ARRAY"
            claimed += max(own.num_rows, chunk.num_values) * (_WORD if long else _NUMBER)
            packed += max(chunk.total_uncompressed_size, 0)
            if long:
                words.add(chunk.path_in_schema)
    what = f"{metadata.num_rows:,} rows of {metadata.num_columns:,} columns"
    check_growth(name, size, max(claimed, packed), what, times=TIMES)
    # A word may be as long as all of them, so few files are told by their sizes alone.
    if not words or metadata.num_rows * packed <= most_bytes() or size * TIMES > most_bytes():
        return
    file.seek(0)
    table = pq.ParquetFile(file, read_dictionary=sorted(words)).read(columns=sorted(words))
    dense = sum(_letters(chunk) for column in table.columns for chunk in column.chunks)
    check_growth(name, size, dense, f"{dense:,} bytes of words", times=TIMES)


def _letters(array: Any) -> int:
    """Return how long all values are together, each counted as often as it is there."""
    import pyarrow.compute as pc
    from pyarrow import types

    kind = array.type
    if types.is_struct(kind):
        return sum(_letters(part) for part in array.flatten())
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _letters(array.flatten())
    if types.is_dictionary(kind):
        lengths = pc.binary_length(array.dictionary).take(array.indices)
    elif types.is_binary(kind) or types.is_string(kind) or types.is_large_string(kind):
        lengths = pc.binary_length(array)
    else:
        return 0
    return int(pc.sum(lengths.cast("int64")).as_py() or 0)
