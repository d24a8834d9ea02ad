"""What linear heads clip: values of a table's columns far beyond what the source shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..base.formatting import percent
from ..inference.clip import Clip
from ..inference.layers import HeadLayer, apply

_SHOWN = 5


def clipped_values(steps: Sequence[HeadLayer], x: np.ndarray) -> dict[str, int]:
    """Return how many values of rows a head clips, and in how many of the rows; {} for none."""
    values, rows = 0, np.zeros(len(x), bool)
    for i, step in enumerate(steps):
        if isinstance(step, Clip) and len(x):
            outside = step.outside(apply(steps[:i], x) if i else x)
            values += int(outside.sum())
            rows |= outside.any(1)
    return {"values": values, "rows": int(rows.sum())} if values else {}


def outside_note(
    source: np.ndarray, labeled: np.ndarray, target: np.ndarray, names: Sequence[str]
) -> str:
    """Say which columns of the target lie far outside the source's range, "" where none does.

    Parameters
    ----------
    source, target : ndarray, shapes (n, d) and (m, d)
        Encoded tables.
    labeled : ndarray of bool, shape (n,)
        The source rows that methods learn from.
    names : sequence of str
        Of which column each of the d numbers is.
    """
    if not labeled.any() or not len(target):
        return ""
    outside = Clip.around(np.asarray(source)[labeled]).outside(np.asarray(target))
    if not outside.any():
        return ""
    counts = {name: int(outside[:, [n == name for n in names]].any(1).sum()) for name in names}
    found = sorted(((n, name) for name, n in counts.items() if n), reverse=True)
    said = ", ".join(f"{name!r} in {n:,} rows" for n, name in found[:_SHOWN])
    said += f" and {len(found) - _SHOWN} more columns" if len(found) > _SHOWN else ""
    values, rows = int(outside.sum()), int(outside.any(1).sum())
    return (
        f"{values:,} values in {rows:,} of {len(target):,} target rows "
        f"({percent(rows / len(target), 0)}) lie far outside what the source's labelled rows show: "
        f"{said}; linear heads clip them, trees and networks take them as they are"
    )
