"""Which numbers are black and white: one range for a data set, both of its sides and its run."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from ...base.errors import LandbridgeWarning
from ...base.formatting import percent

Range = tuple[float, float]

_BITS = (8, 10, 12, 14, 16)
_FEW = 32
"""Values below it are a scale of their own (0..16 of small digits), and not a dark photograph."""
_SAID = 0.001
"""Share of values outside the range from which on it is said."""


@dataclass(frozen=True)
class Extent:
    """The least and the greatest of some values, and whether all of them are whole."""

    low: float
    high: float
    integers: bool

    def __or__(self, other: Extent) -> Extent:
        return Extent(
            min(self.low, other.low), max(self.high, other.high), self.integers and other.integers
        )


def extent(values: np.ndarray) -> Extent:
    """Look at an array of finite numbers."""
    if not values.size:
        return Extent(0.0, 0.0, True)
    low, high = float(values.min()), float(values.max())
    integers = values.dtype.kind in "iub"
    if not integers and high > 1:
        integers = all(bool((part == np.rint(part)).all()) for part in _blocks(values))
    return Extent(low, high, integers)


def natural(own: Extent) -> Range:
    """Return the range that numbers are most likely written in.

    0..1, -1..1, 0..255, or all that 10, 12, 14 or 16 bits can hold; else from the least to the
    greatest.

    Examples
    --------
    >>> natural(Extent(0.0, 0.9, False)), natural(Extent(20.0, 70.0, False))
    ((0.0, 1.0), (0.0, 255.0))
    >>> natural(Extent(0.0, 3900.0, True)), natural(Extent(-0.8, 0.9, False))
    ((0.0, 4095.0), (-1.0, 1.0))
    """
    if own.low >= 0:
        if own.high <= 1:
            return 0.0, 1.0
        if _FEW <= own.high <= 255:
            return 0.0, 255.0
        if own.integers and own.high >= _FEW:
            for bits in _BITS:
                if own.high < 2**bits:
                    return 0.0, float(2**bits - 1)
    elif own.low >= -1 and own.high <= 1:
        return -1.0, 1.0
    return own.low, own.high


def range_for(own: Extent, other: Range | None, *, fixed: bool) -> tuple[Range, str]:
    """Return the range to read by, and how to say it.

    Parameters
    ----------
    own : Extent
        Of the data.
    other : (float, float) or None
        The range of the other side, or of the run.
    fixed : bool
        Whether `other` holds whatever the data look like: it was stated, or is a run's. Where it
        is the other side's, numbers that are evidently in another unit (0..1 beside 0..255) keep
        their own.
    """
    if other is not None and (fixed or not _other_unit(own, other)):
        if _other_unit(own, other):  # said in Python as well, where notes are heard by nobody
            warnings.warn(
                f"pixel values of {own.low:g} to {own.high:g} were read as {_words(other)}: they "
                "are evidently in another unit than what the model learned from; multiply or "
                "divide them first",
                LandbridgeWarning,
                stacklevel=2,
            )
        said = f"pixel values were read as {_words(other)}, as "
        return other, said + ("the run's were, or as was stated" if fixed else "the other side's")
    found = natural(own)
    if other is not None:
        return found, (
            f"pixel values were read as {_words(found)}; the other side's as {_words(other)}: they "
            "are in different units (value_range= states one for both)"
        )
    if found == (own.low, own.high) and found not in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        return found, (
            f"pixel values were stretched from {_words(found)} to 0..255, on both sides and for "
            "predictions alike (value_range= states another range)"
        )
    return found, f"pixel values were read as {_words(found)}"


def outside(values: np.ndarray, taken: Range) -> str | None:
    """Say that many values lie outside the range, or that they fill next to nothing of it."""
    if not values.size:
        return None
    low, high = taken
    share = float(np.mean([((p < low) | (p > high)).mean() for p in _blocks(values)]))
    if share > _SAID:
        return (
            f"{percent(share)} of the pixel values lie outside {_words(taken)} and "
            "are cut there: "
            "value_range= states a wider range"
        )
    span = float(values.max()) - float(values.min())
    if 0 < span < (high - low) / 100:
        return (
            f"all pixel values lie within {float(values.min()):g}..{float(values.max()):g}, a "
            f"hundredth of {_words(taken)} or less: are they in the same unit?"
        )
    return None


def to_bytes(values: np.ndarray, taken: Range) -> np.ndarray:
    """Return uint8, where `taken` becomes 0..255."""
    low, high = taken
    if values.dtype == np.uint8 and taken == (0.0, 255.0):
        return values
    if values.dtype.kind in "iu" and taken == (0.0, 65535.0):
        return (np.clip(values, 0, 65535).astype(np.uint32) // 257).astype(np.uint8)
    out = np.empty(values.shape, np.uint8)
    step = max(1, 4_000_000 // max(1, values[:1].size))
    for start in range(0, len(values), step):  # a whole copy in float64 would be eight times it
        part = np.clip(values[start : start + step].astype(np.float64), low, high)
        out[start : start + step] = np.rint((part - low) * (255.0 / ((high - low) or 1.0)))
    return out


def _blocks(values: np.ndarray) -> list[np.ndarray]:
    return np.array_split(values, max(1, min(len(values), values.size // 4_000_000 + 1)))


def _other_unit(own: Extent, other: Range) -> bool:
    span = other[1] - other[0]
    return (own.low >= 0 and 0 < own.high <= 1 and span > 30) or (
        span <= 2 and max(abs(own.low), own.high) > 30
    )


def _words(taken: Range) -> str:
    return f"{taken[0]:g}..{taken[1]:g}"
