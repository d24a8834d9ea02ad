"""Folders of Parquet shards, and large Parquet files: read piece by piece, never held whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ...base.hashing import digest
from ...base.inside import Place, check_inside, place_of
from ...base.places import cache_folder
from ...base.shown import encodable
from ...base.stored import stored_array, stored_file
from ..domain import Domain
from ..modalities.pieces import Piece
from .base import READERS, SPLITS, Reader, ReadOptions
from .columns import Columns, from_arrow
from .frame import frame_domain
from .parquet_files import read_batches, read_head, read_parquet

_SPLIT = "split"
_LARGE = 64_000_000
"""Bytes from which on a single Parquet file is read like shards."""
_ROWS = 1024
"""Rows that are in memory at once."""
_NAMED = re.compile(r"^([a-z]+)[-_.]", re.IGNORECASE)


@READERS.register("shards")
class Shards(Reader):
    """Reads a folder of ``*.parquet``, or of ``data/*.parquet``, and one that is large.

    Encoded images and recordings are written, once, into one flat file of the cache; rows know
    where theirs begin, and read it when they are decoded. Names such as
    ``train-00000-of-00010.parquet`` say the split.
    """

    summary = "a folder of Parquet shards, larger than memory if need be"
    order = 13

    def accepts(self, what: Any) -> bool:
        """Whether it is such a folder, or a large Parquet file."""
        if not isinstance(what, str | Path):
            return False
        path = Path(what)
        if path.is_dir():
            return bool(_shards(path))
        return path.suffix == ".parquet" and path.is_file() and path.stat().st_size > _LARGE

    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Read all shards.

        Raises
        ------
        DataError
            Where one is damaged, or they differ in their columns.
        """
        root = Path(what)
        files = _shards(root) if root.is_dir() else [root]
        folder = Place(root.resolve().parent)  # somebody named this file
        if root.is_dir():
            folder = place_of(root.resolve(), options.outside)
        for file in files:
            check_inside(file, folder)
        columns = _read(files, events)
        name = options.name or encodable(root.resolve().name if root.is_dir() else root.stem)
        domain = frame_domain(
            columns, options, name=name, folder=folder, first_row=1, events=events
        )
        return domain.noting(f"read from {len(files)} Parquet shard{'s'[: len(files) > 1]}")


def _shards(root: Path) -> list[Path]:
    found = sorted(root.glob("*.parquet"))
    return found or sorted((root / "data").glob("*.parquet"))


def _read(files: Sequence[Path], events: Events) -> Columns:
    import pyarrow as pa

    schemas, rows = zip(*map(read_head, files), strict=True)
    names = schemas[0].names
    for file, schema in zip(files, schemas, strict=True):
        if schema.names != names:
            raise DataError(
                f"{file} has the columns {schema.names[:20]}, and {files[0]} has {names[:20]}",
                hint="give shards of one table",
            )
    content = [name for name in names if _holds_files(schemas[0].field(name).type)]
    plain = [name for name in names if name not in content]
    columns = from_arrow(pa.concat_tables([read_parquet(f, plain) for f in files]))
    stamps = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files]
    for name in content:
        key = digest("shards", str(files[0].resolve().parent), stamps, name)
        columns.values[name] = _pieces(files, name, key, sum(rows), events)
    columns.values = {name: columns.values[name] for name in _ordered(names, columns.values)}
    splits = _splits(files)
    if splits and _SPLIT not in columns.values:
        column = np.empty(sum(rows), dtype=object)
        column[:] = np.repeat(np.array(splits, object), rows)
        columns.values[_SPLIT] = column
    return columns


def _ordered(names: Sequence[str], values: dict[str, np.ndarray]) -> list[str]:
    """Return the columns as the table has them; those made of dates after their own."""
    places = {name: i for i, name in enumerate(names)}
    return sorted(values, key=lambda name: places.get(name, places.get(name.split(" (")[0], 0)))


def _holds_files(kind: Any) -> bool:
    from pyarrow import types

    if types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0
    return types.is_binary(kind) or types.is_large_binary(kind)


def _splits(files: Sequence[Path]) -> list[str]:
    found = []
    for file in files:
        mark = _NAMED.match(file.name)
        split = SPLITS.get(mark[1].lower()) if mark else None
        if split is None:
            return []
        found.append(split)
    return found


def _pieces(files: Sequence[Path], column: str, key: str, rows: int, events: Events) -> np.ndarray:
    """Return where each row's content lies in the cache, written there where it is not yet."""
    folder = cache_folder() / "shards"
    store, index = folder / f"{key}.bin", folder / f"{key}.npy"

    seen: list[int] = []

    def pieces() -> Iterator[bytes]:
        seen.clear()
        with events.progress(f"read {column}", rows) as bar:
            for i, item in enumerate(_contents(files, column)):
                seen.append(-1 if item is None else len(item))
                if item is not None:
                    yield item
                if i % _ROWS == 0:
                    bar.advance(min(_ROWS, rows - i))

    def sizes(_: int) -> Iterator[np.ndarray]:
        if not seen:  # the contents were there, and their index is not
            seen.extend(-1 if x is None else len(x) for x in _contents(files, column))
        yield np.array(seen, np.int64)

    stored_file(store, pieces, what=f"contents of {column!r}", events=events)
    lengths = stored_array(
        index, (rows,), np.int64, sizes, what=f"lengths of {column!r}", again="read"
    )
    ends = np.cumsum(np.maximum(lengths, 0))
    found = np.empty(rows, dtype=object)
    for i, (length, end) in enumerate(zip(lengths.tolist(), ends.tolist(), strict=True)):
        found[i] = None if length < 0 else Piece(store, end - length, length)
    return found


def _contents(files: Sequence[Path], column: str) -> Iterator[bytes | None]:
    for file in files:
        for table in read_batches(file, column, _ROWS):
            for value in table.column(0).to_pylist():
                yield value.get("bytes") if isinstance(value, dict) else value
