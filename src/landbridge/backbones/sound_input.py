"""The preprocessing that a sound backbone wants, by what the recordings look like."""

from __future__ import annotations

from ..domains.examples import InputSpec
from ..domains.modalities.sound import AudioPreprocessing

LONGEST = 10.0
"""Seconds at most where nothing else is said."""


def sound_preprocessing(
    hint: InputSpec, rate: int, *, seconds: float | None = None, width: int = 1
) -> AudioPreprocessing:
    """Return rate and length: what 95 % of the recordings need, at most ten seconds.

    Parameters
    ----------
    hint : InputSpec
    rate : int
        That the backbone wants.
    seconds : float, optional
        Fixes the length.
    width : int
        As for `AudioPreprocessing`.
    """
    length = seconds or min(LONGEST, max(hint.seconds, 0.1))
    return AudioPreprocessing(rate, max(1, round(length * rate)), width)
