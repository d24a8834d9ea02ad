"""Sound files -> one channel of floats."""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import gcd
from pathlib import Path

import numpy as np

from ...base.errors import DataError, MissingExtra
from ...base.events import SILENT, Events
from .decoding import Item, in_threads
from .pieces import content

AUDIO_SUFFIXES = frozenset(
    (".wav", ".flac", ".ogg", ".oga", ".mp3", ".aif", ".aiff", ".au", ".opus", ".w64", ".caf")
)
BAR_FROM = 200


def decode(item: Item) -> tuple[np.ndarray, int]:
    """Return one recording as float32 (samples,) in [-1, 1], channels averaged, and its rate.

    Parameters
    ----------
    item : Path or bytes

    Raises
    ------
    DataError
        Where it is no sound, cut short, or empty.
    MissingExtra
        For anything but plain WAV where soundfile is not installed.
    """
    item = content(item)
    name = "these bytes" if isinstance(item, bytes) else str(item)
    try:
        import soundfile
    except ImportError:
        samples, rate = _plain_wav(item, name)
    else:
        try:
            opened = io.BytesIO(item) if isinstance(item, bytes) else str(item)
            samples, rate = soundfile.read(opened, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
            raise DataError(f"{name} is no sound file: {error}", do="restore the file") from error
    if not samples.size:
        raise DataError(f"{name} has no samples", do="restore the file, or leave it out")
    mono = samples.mean(1, dtype=np.float32) if samples.ndim == 2 else samples
    if not np.isfinite(mono).all():
        raise DataError(f"{name} has samples that are not finite", do="write it again")
    return mono, int(rate)


def _plain_wav(item: Path | bytes, name: str) -> tuple[np.ndarray, int]:
    from scipy.io import wavfile

    suffix = "" if isinstance(item, bytes) else Path(item).suffix.lower()
    if suffix not in ("", ".wav"):
        raise MissingExtra(f"{suffix} files", "audio")
    try:
        rate, found = wavfile.read(io.BytesIO(item) if isinstance(item, bytes) else item)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(
            f"{name} cannot be read without soundfile: {error}",
            do="pip install 'landbridge[audio]', or restore the file",
        ) from error
    samples = np.asarray(found)
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128, rate
    if samples.dtype.kind == "i":
        return samples.astype(np.float32) / float(np.iinfo(samples.dtype).max + 1), rate
    return samples.astype(np.float32), rate


def resample(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Return samples at another rate, low-passed first (polyphase, Kaiser window)."""
    if rate == wanted:
        return samples
    from scipy.signal import resample_poly

    shared = gcd(rate, wanted)
    return resample_poly(samples, wanted // shared, rate // shared).astype(np.float32)


def length_and_rate(item: Item) -> tuple[float, int]:
    """Return seconds and samples a second."""
    item = content(item)
    try:
        import soundfile

        info = soundfile.info(io.BytesIO(item) if isinstance(item, bytes) else str(item))
        return info.frames / info.samplerate, int(info.samplerate)
    except ImportError:
        samples, rate = decode(item)
        return len(samples) / rate, rate


def silent_or_broken(item: Item) -> str | None:
    """Return why a recording cannot be used, None where it can."""
    try:
        decode(item)
    except DataError as error:
        return error.found
    return None


def unreadable_sounds(
    items: Sequence[Item], *, what: str = "recordings", events: Events = SILENT
) -> dict[int, str]:
    """Return the rows that cannot be decoded, each with its reason."""
    flaws: dict[int, str] = {}
    with (events if len(items) > BAR_FROM else SILENT).progress(f"check {what}", len(items)) as bar:
        for row, reason in enumerate(in_threads(silent_or_broken, items)):
            if reason is not None:
                flaws[row] = reason
            bar.advance()
    return flaws
