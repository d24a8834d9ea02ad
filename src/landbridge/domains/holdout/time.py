"""The latest rows: what is judged comes after all that is learned from."""

from __future__ import annotations

import numpy as np

from ...base.formatting import counted
from ..readers.numbers import spelled
from ..readers.times import written_times
from .base import SPLIT_RULES, Split, SplitRows, SplitRule, check_filled, nothing_to_part

BLOCKS = 10
"""Stretches of time that stay together where methods are compared by folds."""


@SPLIT_RULES.register("time")
class Time(SplitRule):
    """All rows from some time on are held out, labelled or not; rows of one time stay together.

    Rows without a time are neither judged nor learned from: they may be of any time.
    """

    summary = "the latest rows, by a column of dates, times or numbers"

    def split(self, rows: SplitRows, fraction: float, rng: np.random.Generator) -> Split:
        """Hold out what is latest; nothing is drawn."""
        assert rows.values is not None
        check_filled(rows)
        times = _times(rows, rows.values)
        usable = rows.labeled & ~np.isnan(times)
        own = np.sort(times[usable])
        if not len(own) or own[0] == own[-1]:
            raise nothing_to_part(rows, f"column {rows.column!r} holds one time")
        later = own[min(max(1, round((1 - fraction) * len(own))), len(own) - 1)]
        first = later if later > own[0] else own[own > own[0]][0]
        edges = np.unique(own[np.arange(1, BLOCKS) * len(own) // BLOCKS])
        blocks = np.searchsorted(edges, times, side="right").astype(np.int64)
        lost = np.isnan(times)
        notes: tuple[str, ...] = ()
        if lost.any():
            notes = (
                f"{counted(int(lost.sum()), 'row')} without a time in {rows.column!r}: not used",
            )
        word = next(v for v, t in zip(rows.values, times, strict=True) if t == first)
        how = f"those from {word} on by {rows.column!r},"
        return Split(times >= first, how, by_chance=False, blocks=blocks, unused=lost, notes=notes)


def _times(rows: SplitRows, values: tuple[str | None, ...]) -> np.ndarray:
    """Return the times as numbers, NaN where there is none."""
    import pyarrow as pa

    array = pa.array(values, pa.string())
    found = written_times(array)
    if found is not None:
        when = found[1]
        if when.dtype.kind != "M":
            return np.asarray(when, float)
        return np.where(np.isnat(when), np.nan, when.astype(np.int64).astype(float))
    numbers = spelled(array)
    if numbers is None or numbers.odd.any():
        some = [value for value in values if value is not None][:3]
        raise nothing_to_part(
            rows,
            f"column {rows.column!r} holds neither dates (2024-01-31) nor numbers: {some}",
            "write dates as 2024-01-31, ",
        )
    return np.asarray(numbers.values, float)
