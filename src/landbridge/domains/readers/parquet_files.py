"""Parquet files -> Arrow tables, read where a damaged one ends nothing but its reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...isolation import parquet
from ...isolation.ask import isolated
from .columns import MARK


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
    named = None if columns is None else list(columns)
    (table,) = isolated(parquet.whole, path, columns=named)
    return _unmarked(table)


def read_head(path: Path) -> tuple[Any, int]:
    """Return a Parquet file's schema, and how many rows it has.

    Raises
    ------
    DataError
        As of `read_parquet`.
    """
    empty, rows = isolated(parquet.head, path)
    return _unmarked(empty).schema, rows["rows"][0].as_py()


def read_batches(path: Path, column: str, rows: int) -> Iterator[Any]:
    """Yield a column of a Parquet file as tables of at most so many rows.

    Raises
    ------
    DataError
        As of `read_parquet`.
    """
    yield from isolated(parquet.batches, path, column=column, rows=rows)


def _unmarked(table: Any) -> Any:
    """Return a table without what only our own readers of text files say of how they read."""
    metadata = table.schema.metadata or {}
    if MARK not in metadata:
        return table
    return table.replace_schema_metadata({k: v for k, v in metadata.items() if k != MARK})
