"""Recordings in memory -> the bytes of WAV files, which everything else reads."""

from __future__ import annotations

import io
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from ...base.errors import DataError
from .sound_files import RATES, silent_or_broken

_CHANNELS = 8


def is_recording(what: Any) -> bool:
    """Whether it is one recording: samples, samples with their rate, or the bytes of a file."""
    if isinstance(what, bytes):
        return True
    if isinstance(what, Mapping):
        return "array" in what and "sampling_rate" in what
    if isinstance(what, tuple):
        return len(what) == 2 and any(
            isinstance(rate, Integral) and is_recording(wave) for wave, rate in (what, what[::-1])
        )
    if isinstance(what, list):
        return len(what) > 2 and all(isinstance(x, Real) for x in what)
    if getattr(what, "ndim", 0) == 2:
        return bool(what.shape[1] <= 2 < what.shape[0]) and not hasattr(what, "columns")
    return getattr(what, "ndim", 0) == 1 and not hasattr(what, "index")


def has_channels(what: Any) -> bool:
    """Whether it is an array of few channels, in either order: one of several recordings."""
    shape = getattr(what, "shape", ())
    return len(shape) == 2 and min(shape) <= _CHANNELS < max(shape) and not hasattr(what, "columns")


def wav_bytes(what: Any, rate: int | None, name: str) -> bytes:
    """Return a recording in memory as a WAV file.

    Whole numbers of 8 and 16 bits have the scale of their type. Floats, and whole numbers of more
    bits, are kept as they are: their full scale is found in the whole data set.

    Parameters
    ----------
    what : bytes, array-like, (array, rate), or mapping with "array" and "sampling_rate"
        Samples (n,), or (n, channels).
    rate : int or None
        Of arrays that do not say theirs.
    name : str
        What to call it in the error.

    Raises
    ------
    DataError
        Where it holds no samples, or its rate is none.
    """
    from scipy.io import wavfile

    if isinstance(what, bytes):
        if reason := silent_or_broken(what):
            raise DataError(f"{name} cannot be read as a recording: {reason}", hint="restore it")
        return what
    if isinstance(what, Mapping):
        what, rate = what["array"], what["sampling_rate"]
    elif isinstance(what, tuple):
        what, rate = what if isinstance(what[1], Integral) else what[::-1]
    whole = isinstance(rate, Integral) or (isinstance(rate, float) and rate.is_integer())
    if not whole or not RATES[0] <= int(rate) <= RATES[1]:  # type: ignore[arg-type]
        raise DataError(
            f"{name} has {rate} samples a second, expected {RATES[0]:,} to {RATES[1]:,}",
            hint="give {'array': samples, 'sampling_rate': rate}",
        )
    wave = _samples(what, name)
    if wave.dtype == np.int8:
        wave = (wave.astype(np.int16) + 128).astype(np.uint8)
    elif wave.dtype == np.uint16:
        wave = (wave.astype(np.int32) - 2**15).astype(np.int16)
    elif wave.dtype.kind in "iu" and wave.dtype.itemsize > 2:
        wave = wave.astype(np.float64)
    elif wave.dtype == np.float16 or wave.dtype.itemsize > 8:
        wave = wave.astype(np.float32)
    out = io.BytesIO()
    wavfile.write(out, int(rate), np.ascontiguousarray(wave))  # type: ignore[arg-type]
    return out.getvalue()


def _samples(what: Any, name: str) -> np.ndarray:
    try:
        wave = what.detach().cpu().numpy() if hasattr(what, "detach") else np.asarray(what)
        if wave.dtype == object:
            wave = wave.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name} holds no samples: {error}", hint="give samples as numbers"
        ) from error
    if not wave.size or wave.dtype.kind not in "iuf" or wave.ndim not in (1, 2):
        raise DataError(
            f"{name} has shape {wave.shape} and type {wave.dtype}", hint="give samples as numbers"
        )
    if wave.ndim == 2 and wave.shape[0] < wave.shape[1]:
        wave = wave.T  # channels first
    if not np.isfinite(wave).all():
        raise DataError(f"{name} has samples that are not finite", hint="correct them")
    return np.asarray(wave)
