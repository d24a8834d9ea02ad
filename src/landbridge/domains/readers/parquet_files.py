"""Parquet files -> Arrow tables, after a look at what they would become."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...base.errors import DataError
from ...base.growth import check_growth, most_bytes

_TIMES = 1000
_WORD, _NUMBER = 64, 8
"""Bytes that a cell takes in memory at least."""


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> Any:
    """Return a Parquet file as a `pyarrow.Table`.

    Parameters
    ----------
    path : Path
    columns : sequence of str, optional
        Which to read; all where not given.

    Raises
    ------
    DataError
        Where it is damaged, or small and would take gigabytes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Through an open file: a path would also add columns from names like "year=2020/".
        with path.open("rb") as file:
            check_parquet(path, pq.ParquetFile(file))
            file.seek(0)
            return pq.read_table(file, columns=None if columns is None else list(columns))
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise DataError(
            f"{path} is no whole Parquet file: {error}", do="write or download it again"
        ) from error


def check_parquet(path: Path, opened: Any) -> None:
    """Raise DataError where a small file would take gigabytes.

    Equal values are kept once in a file, and a column of one value has next to no size: rows are
    counted by what the file says of itself, and words by their dictionary.
    """
    size = path.stat().st_size
    metadata = opened.metadata
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
    check_growth(str(path), size, max(claimed, packed), what, times=_TIMES)
    # A word may be as long as all of them, so few files are told by their sizes alone.
    if not words or metadata.num_rows * packed <= most_bytes() or size * _TIMES > most_bytes():
        return
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        whole = pq.ParquetFile(file, read_dictionary=sorted(words))
        table = whole.read(columns=sorted(words))
    dense = sum(_letters(chunk) for column in table.columns for chunk in column.chunks)
    check_growth(str(path), size, dense, f"{dense:,} bytes of words", times=_TIMES)


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
