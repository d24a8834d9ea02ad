"""A picture of a sound."""

from __future__ import annotations

import numpy as np

_BANDS = 48
_STRETCH = 0.004
_QUIET = 1e-3
_RANGE = 6.0
"""Powers of ten that the picture shows: the upper 60 dB."""


def spectrogram(wave: np.ndarray, rate: int) -> np.ndarray:
    """Return the log-mel spectrogram, low frequencies at the bottom, uint8 (bands, frames).

    Parameters
    ----------
    wave : float ndarray (samples,)
    rate : int
        Samples a second.
    """
    from .mel import mel_filters

    size, hop = int(0.032 * rate), max(1, int(0.008 * rate))
    wave = np.pad(np.asarray(wave, float), (0, max(0, size - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(wave, size)[::hop] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    mel = power @ mel_filters(_BANDS, power.shape[1], rate, 40, rate / 2)
    loud = np.log10(mel + 1e-9)
    low, high = loud.max() - _RANGE, loud.max()
    return (np.clip((loud - low) / max(high - low, 1e-9), 0, 1) * 255).astype(np.uint8).T[::-1]


def sounding(wave: np.ndarray, rate: int) -> np.ndarray:
    """Return a recording without what is 30 dB below its loudest before and after it.

    Encoders put silence in front, and others cut it off.
    """
    step = max(1, int(_STRETCH * rate))
    wave = np.asarray(wave, float)
    whole = len(wave) // step
    if not whole:
        return wave
    power = (wave[: whole * step].reshape(whole, step) ** 2).mean(1)
    loud = np.flatnonzero(power >= _QUIET * power.max())
    return wave[loud[0] * step : (loud[-1] + 1) * step]


def outline(wave: np.ndarray, rate: int, side: int) -> np.ndarray:
    """Return the log power of `side` bands up to 4 kHz in `side` stretches of time, 0 to 255.

    What a copy keeps: at another rate from 8 kHz on, in another format.
    """
    wave = np.asarray(wave, float)
    size = max(16, int(0.032 * rate))
    wave = np.pad(wave, (0, max(0, size + side - len(wave))))
    starts = np.linspace(0, len(wave) - size, 8 * side).astype(np.int64)
    frames = wave[starts[:, None] + np.arange(size)] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2 / size
    pitch = np.fft.rfftfreq(size, 1 / rate)
    # Bands fade into each other: a tone at an edge stays where it is at another rate.
    at = side * np.log(np.maximum(pitch, 1e-9) / 100) / np.log(38) - 0.5
    inside = np.maximum(0, 1 - np.abs(at - np.arange(side)[:, None]))
    bands = inside @ power.T
    quiet = bands.reshape(side, side, -1).mean(2)
    loud = np.log10(quiet + quiet.max() * 1e-4 + 1e-12)
    low, high = float(loud.min()), float(loud.max())
    return (loud - low) / max(high - low, 1e-9) * 255
