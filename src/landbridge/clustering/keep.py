"""What a folder of groups holds beside the network and the facts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..base.files import atomic_file
from ..base.typed import JsonObject
from .find import some_rows


def layout(x: np.ndarray, groups: np.ndarray, seed: int) -> JsonObject:
    """Return a map of some rows: where they lie, and their groups."""
    from ..insight.map import MAX_POINTS, points

    some = some_rows(len(x), MAX_POINTS, seed)
    where = points(x[some], seed)
    return {
        "row": some.tolist(),
        "x": [round(float(v), 3) for v in where[:, 0]],
        "y": [round(float(v), 3) for v in where[:, 1]],
        "group": groups[some].tolist(),
    }


def write_rows(path: Path, rows: list[JsonObject]) -> None:
    """Write one row of answers for each example, as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with atomic_file(path) as temporary:
        pq.write_table(pa.Table.from_pylist(rows), temporary)
