"""A picture of a sound."""

from __future__ import annotations

import numpy as np

_BANDS = 48
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
    from ...solvers.mel import mel_filters

    size, hop = int(0.032 * rate), max(1, int(0.008 * rate))
    wave = np.pad(np.asarray(wave, float), (0, max(0, size - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(wave, size)[::hop] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    mel = power @ mel_filters(_BANDS, power.shape[1], rate, 40, rate / 2)
    loud = np.log10(mel + 1e-9)
    low, high = loud.max() - _RANGE, loud.max()
    return (np.clip((loud - low) / max(high - low, 1e-9), 0, 1) * 255).astype(np.uint8).T[::-1]
