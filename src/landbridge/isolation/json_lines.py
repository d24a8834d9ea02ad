"""What is read of JSON lines, in the process that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..base.errors import DataError

_EXACT = float(2**53)
"""Arrow reads whole numbers beyond 64 bits as floats."""


def table(file: str, name: str) -> Iterator[Any]:
    """Yield the objects of a file in UTF-8 as a table; times as they are written.

    Raises
    ------
    DataError
        Where Arrow has no types for them, or would lose digits.
    """
    import pyarrow as pa
    from pyarrow import json

    content = pa.py_buffer(Path(file).read_bytes())
    options = json.ReadOptions(block_size=min(max(len(content) + 1, 1 << 16), 2**31 - 1))
    try:
        found = json.read_json(pa.BufferReader(content), read_options=options)
        times = [one.name for one in found.schema if pa.types.is_timestamp(one.type)]
        if times:  # as they are written, with their zones
            schema = pa.schema([(name, pa.string()) for name in times])
            parse = json.ParseOptions(explicit_schema=schema)
            found = json.read_json(
                pa.BufferReader(content), read_options=options, parse_options=parse
            )
    except pa.ArrowException as error:
        raise DataError(f"{name} is no table: {error}", hint="write one object a line") from error
    if any(map(_rounded, found.columns)):
        raise DataError(f"{name} holds longer numbers than Arrow keeps", hint="read it row by row")
    yield found


def _rounded(column: Any) -> bool:
    """Whether whole numbers may have lost digits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return False
    greatest = pc.max(pc.abs(column)).as_py()
    return greatest is not None and greatest >= _EXACT
