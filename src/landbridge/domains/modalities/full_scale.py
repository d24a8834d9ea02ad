"""Which number is full scale in samples that do not say it: one for a data set and its run."""

from __future__ import annotations

from dataclasses import dataclass

_LOUD = 4.0
"""Floats up to it are in -1..1, and some beyond."""
_WHOLE = (2.0**7, 2.0**15, 2.0**23, 2.0**31)
_COUNTS = 256.0
"""Floats from it on are whole numbers of some bits that were filtered or resampled."""
_QUIET = 0.001


@dataclass(frozen=True)
class Peak:
    """The greatest of some samples without a scale of their own, and whether all are whole."""

    height: float = 0.0
    integers: bool = True

    def __or__(self, other: Peak) -> Peak:
        return Peak(max(self.height, other.height), self.integers and other.integers)


def natural(own: Peak) -> float:
    """Return the full scale that samples are most likely on.

    Examples
    --------
    >>> natural(Peak(0.8, False)), natural(Peak(13183.2, False)), natural(Peak(900_000, True))
    (1.0, 32768.0, 8388608.0)
    """
    if own.height <= _LOUD:
        return 1.0
    if own.integers or own.height > _COUNTS:
        for scale in _WHOLE if own.integers else _WHOLE[1:]:
            if own.height <= scale:
                return scale
    return own.height


def scale_for(own: Peak, other: float | None) -> tuple[float, list[str]]:
    """Return the full scale to read by, and what there is to say.

    Parameters
    ----------
    own : Peak
        Of all recordings whose samples have no scale of their own: floats, and whole numbers of
        more than 16 bits in memory.
    other : float or None
        That of the other side, or of the run: it holds, unless the samples are evidently in
        another unit.
    """
    found = natural(own)
    if other is not None and found != other:
        ours_counts, theirs_counts = found > _COUNTS, other > _COUNTS
        silent = own.integers and own.height <= 1
        if ours_counts == theirs_counts or silent:
            cut = own.height > other * 1.001
            said = f"samples reach {own.height:g}, and are cut at {other:g}, full scale elsewhere"
            return other, [said] if cut else []
        return found, [
            f"samples are in another unit than those of the other side: they were divided by "
            f"{found:,.6g}, and the others by {other:,.6g}"
        ]
    notes = []
    if found != 1:
        notes.append(f"samples were divided by {found:,.6g}: that is full scale in all of them")
    elif own.height > 1.001:
        notes.append(f"samples reach {own.height:.3g}: what is beyond 1 is cut")
    if 0 < own.height < _QUIET * found:
        notes.append(
            f"no sample is above {own.height:.2g}, where full scale is {found:g}: are they in the "
            "same unit?"
        )
    return found, notes
