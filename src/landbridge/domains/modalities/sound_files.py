"""Sound files -> one channel of floats."""

from __future__ import annotations

import contextlib
import io
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import DataError, MissingExtra
from ...base.halves import has_half
from .full_scale import Peak, natural
from .mixing import Mix, joined
from .pieces import Item, content
from .sound_headers import cut_short
from .threads import one_if_large

AUDIO_SUFFIXES = frozenset(
    (".wav", ".flac", ".ogg", ".oga", ".mp3", ".aif", ".aiff", ".au", ".opus", ".w64", ".caf")
)
RATES = (100, 1_000_000)
"""The least and the greatest number of samples a second that is believed."""
MOST_SAMPLES = 200_000_000
"""Of one channel of a recording: 70 minutes at 48 kHz, three and a half hours at 16 kHz."""
_BLOCK = 4_000_000
_LARGE = 16_000_000
_FLOATS = ("FLOAT", "DOUBLE")
_UNKNOWN = 2**62
"""What is said of the length from it on means that it is not known."""
_EXACT = ("FLAC", "WAV", "WAVEX", "AIFF", "AU", "CAF", "W64", "RF64")
"""Formats whose headers say how many samples there are."""


@dataclass
class Heard:
    """One recording as it was decoded.

    Attributes
    ----------
    wave : float32 ndarray, shape (samples,)
        Not yet divided by full scale.
    rate : int
    peak : Peak or None
        Of samples that have no scale of their own; None where the format has one.
    cancelled : bool
        Whether its channels cancel out, so that the loudest was taken.
    """

    wave: np.ndarray
    rate: int
    peak: Peak | None = None
    cancelled: bool = False


class _Bytes(io.BytesIO):
    """Bytes in which a damaged header may look for a place before the first: there is none."""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        with contextlib.suppress(ValueError, OverflowError):
            super().seek(offset, whence)
        return self.tell()


def decode(item: Item, full_scale: float | None = None) -> tuple[np.ndarray, int]:
    """Return one recording as float32 (samples,) in [-1, 1], its channels averaged, and its rate.

    Where the channels cancel out, the loudest is taken instead.

    Parameters
    ----------
    item : Path or bytes
    full_scale : float, optional
        What floats are divided by; found in the recording where not given. Whole numbers have the
        scale of their format.

    Raises
    ------
    DataError
        Where it is no sound, cut short, empty, or more than is decoded.
    MissingExtra
        For anything but plain WAV where soundfile is not installed.
    """
    found = hear(item)
    if found.peak is not None:
        scale = natural(found.peak) if full_scale is None else full_scale
        if scale != 1:
            found.wave /= np.float32(scale)
    return found.wave, found.rate


def hear(item: Item) -> Heard:
    """Return one recording, and what was met while it was decoded."""
    item = content(item)
    name = "these bytes" if isinstance(item, bytes) else str(item)
    try:
        found = _heard(item, name)
    except (MemoryError, OverflowError) as error:
        raise DataError(
            f"{name} takes more memory than there is: {error}", hint="cut it into pieces"
        ) from error
    if not found.wave.size:
        raise DataError(f"{name} has no samples", hint="restore the file, or leave it out")
    if not np.isfinite(found.wave).all():
        raise DataError(f"{name} has samples that are not finite", hint="write it again")
    return found


def _heard(item: Path | bytes, name: str) -> Heard:
    if reason := cut_short(item):
        raise DataError(f"{name} is cut short: {reason}", hint="restore the file")
    try:
        import soundfile
    except ImportError:
        samples, rate, scaled = _plain_wav(item, name)
        _check_rate(rate, name)
        return _mixed([samples], samples.shape[1], rate, scaled, lambda k: samples[:, k], name)
    try:
        opened = _Bytes(item) if isinstance(item, bytes) else _openable(item)
        with soundfile.SoundFile(opened) as file:
            _check_rate(file.samplerate, name)
            _check_claim(file, name)

            def one(channel: int) -> np.ndarray:
                own = [np.ascontiguousarray(block[:, channel]) for block in _blocks(file)]
                return joined(own, sum(map(len, own)))

            scaled = file.subtype not in _FLOATS
            found = _mixed(_blocks(file), file.channels, file.samplerate, scaled, one, name)
            _check_length(file, len(found.wave), name)
            return found
    except DataError:
        raise
    except soundfile.LibsndfileError as error:
        raise DataError(
            f"{name} is no sound file: {error.error_string}", hint="restore the file"
        ) from error
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        raise DataError(f"{name} is no sound file: {error}", hint="restore the file") from error


def _mixed(
    blocks: Iterator[np.ndarray] | list[np.ndarray],
    channels: int,
    rate: int,
    scaled: bool,
    channel: Callable[[int], np.ndarray],
    name: str,
) -> Heard:
    """Return the blocks of a recording as one channel; a long one is read when no other is."""
    mix = Mix(channels, scaled=scaled)
    with contextlib.ExitStack() as alone:
        for block in blocks:
            if mix.length <= _LARGE < mix.length + len(block):
                alone.enter_context(one_if_large(_LARGE))
            mix.add(block)
            if mix.length > MOST_SAMPLES:
                raise DataError(
                    f"{name} has more than {MOST_SAMPLES:,} samples, the most that is decoded",
                    hint="cut it into pieces, or lower its rate",
                )
        loudest = mix.loudest()
        if loudest is None:
            wave = mix.mono()
        else:
            mix.forget()
            wave = np.ascontiguousarray(channel(loudest))
    return Heard(wave, int(rate), None if scaled else mix.peak, loudest is not None)


def _blocks(file: Any) -> Iterator[np.ndarray]:
    """Yield float32 (samples, channels); what the header says of the length is not believed."""
    step = max(1, _BLOCK // file.channels)
    if file.seekable():
        file.seek(0)
    while True:
        block = file.read(step, dtype="float32", always_2d=True)
        if not len(block):
            return
        yield block


def _check_rate(rate: int, name: str) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise DataError(
            f"{name} says that it has {rate:,} samples a second, expected {RATES[0]:,} to "
            f"{RATES[1]:,}",
            hint="correct its header",
        )


def _check_claim(file: Any, name: str) -> None:
    """Raise DataError where a header claims more than is decoded, or does not say how much."""
    if file.frames <= MOST_SAMPLES:
        return
    if file.frames < _UNKNOWN:
        raise DataError(
            f"{name} says that it has {file.frames:,} samples: more than {MOST_SAMPLES:,}, the "
            "most that is decoded",
            hint="correct its header, cut it into pieces, or lower its rate",
        )
    if file.format == "FLAC":  # soundfile fails on the way to an end that it takes for known
        raise DataError(
            f"{name} does not say how many samples it has",
            hint="write it again: flac -d, then flac",
        )


def _check_length(file: Any, length: int, name: str) -> None:
    least = 0.99 * file.frames if file.format in _EXACT else 0.8 * file.frames - 5000
    if length < least and file.frames < _UNKNOWN:
        raise DataError(
            f"{name} is cut short: {length:,} of {file.frames:,} samples are there",
            hint="restore the file",
        )


def _plain_wav(item: Path | bytes, name: str) -> tuple[np.ndarray, int, bool]:
    """Return float32 (samples, channels), the rate, and whether they have a scale of their own."""
    from scipy.io import wavfile

    suffix = "" if isinstance(item, bytes) else Path(item).suffix.lower()
    if suffix not in ("", ".wav"):
        raise MissingExtra(f"{suffix} files", "audio")
    try:
        rate, found = wavfile.read(io.BytesIO(item) if isinstance(item, bytes) else item)
    except (ValueError, OSError, EOFError, ArithmeticError, struct.error) as error:
        raise DataError(
            f"{name} cannot be read without soundfile: {error}",
            hint="pip install 'landbridge[audio]', or restore the file",
        ) from error
    samples = np.asarray(found)
    if samples.ndim < 2:
        samples = samples.reshape(-1, 1)
    scaled = samples.dtype.kind in "iu"
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128, rate, scaled
    if scaled:
        full = float(np.iinfo(samples.dtype).max + 1)
        return samples.astype(np.float32) / full, rate, scaled
    return samples.astype(np.float32), rate, scaled


def resample(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Return samples at another rate, low-passed first (polyphase, Kaiser window).

    Raises
    ------
    DataError
        Where more would come out than is decoded of one recording.
    """
    if rate == wanted:
        return samples
    length = len(samples) * wanted / rate
    if length > MOST_SAMPLES:
        raise DataError(
            f"{len(samples):,} samples at {rate:,} Hz are {length:,.0f} at {wanted:,} Hz, more "
            f"than {MOST_SAMPLES:,}",
            hint="correct the rate in its header, or cut it into pieces",
        )
    from scipy.signal import resample_poly

    shared = gcd(rate, wanted)
    return resample_poly(samples, wanted // shared, rate // shared).astype(np.float32, copy=False)


def length_and_rate(item: Item) -> tuple[float, int]:
    """Return seconds and samples a second."""
    info = _info(item)
    if info is not None and 0 < info.frames <= MOST_SAMPLES and info.samplerate >= RATES[0]:
        return info.frames / info.samplerate, int(info.samplerate)
    samples, rate = decode(item)  # it does not say how long it is, or cannot be read
    return len(samples) / rate, rate


def silent_or_broken(item: Item) -> str | None:
    """Return why a recording cannot be used, None where it can."""
    try:
        with in_turn(item):
            hear(item)
    except DataError as error:
        return error.message
    return None


def needs_hearing(item: Item) -> bool:
    """Whether a recording has several channels, or samples without a scale of their own."""
    info = _info(item)
    return info is None or bool(info.channels > 1 or info.subtype in _FLOATS)


def in_turn(item: Item) -> contextlib.AbstractContextManager[None]:
    """Let long recordings be worked on one at a time, however many threads there are."""
    info = _info(item)
    return one_if_large(_LARGE if info is None else int(info.frames))


def _info(item: Item) -> Any:
    """Return what a header says, None where nothing can be said without decoding."""
    try:
        import soundfile
    except ImportError:
        return None
    item = content(item)
    try:
        return soundfile.info(_Bytes(item) if isinstance(item, bytes) else _openable(item))
    except (RuntimeError, OSError):  # decoding says what is wrong
        return None


def _openable(path: Path) -> str | bytes:
    """Return a path as soundfile takes it: of a name that is no UTF-8 the bytes."""
    name = str(path)
    return os.fsencode(path) if has_half(name) else name
