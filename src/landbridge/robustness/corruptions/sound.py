"""Corruptions of recordings, at the rate that the network takes them."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from ...domains.modalities.base import Preprocessing
from ...domains.modalities.sound import NOTHING
from ..base import CORRUPTIONS, StoredCorruption

_FULL = 32767


class SoundCorruption(StoredCorruption):
    """A corruption of one stored recording, int16 (samples,); what is behind its end stays."""

    modality = "audio"
    stored_type = "int16"
    axes = 1

    def change(
        self, row: np.ndarray, strength: float, rng: np.random.Generator, own: Preprocessing
    ) -> np.ndarray:
        """Return the recording changed."""
        there = row != NOTHING
        if not there.any():
            return row
        wave = row[there].astype(np.float64) / _FULL
        out = row.copy()
        changed = np.clip(self.wave(wave, strength, rng), -1, 1)
        out[there] = np.rint(changed * _FULL).astype(np.int16)
        return out

    @abstractmethod
    def wave(self, wave: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
        """Return samples in [-1, 1] changed."""


@CORRUPTIONS.register("white-noise")
class WhiteNoise(SoundCorruption):
    """Noise as loud as a share of the recording."""

    summary = "white noise"
    strengths = (20, 15, 10, 5, 0)
    unit = "dB of signal over noise"

    def wave(self, wave: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
        """Return the wave with noise at this ratio of powers."""
        level = np.sqrt(np.square(wave).mean()) * 10 ** (-strength / 20)
        return np.asarray(wave + level * rng.standard_normal(len(wave)))


@CORRUPTIONS.register("clipping")
class Clipping(SoundCorruption):
    """A microphone that is too near."""

    summary = "peaks cut off"
    strengths = (0.7, 0.5, 0.35, 0.2, 0.1)
    unit = "of the peak is kept"

    def wave(self, wave: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
        """Return the wave with its peaks cut."""
        most = strength * np.abs(wave).max()
        return np.clip(wave, -most, most)


@CORRUPTIONS.register("band-limit")
class BandLimit(SoundCorruption):
    """A narrow line."""

    summary = "high frequencies gone"
    strengths = (0.7, 0.5, 0.35, 0.25, 0.15)
    unit = "of the band is kept"

    def wave(self, wave: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
        """Return the wave without what is above."""
        spectrum = np.fft.rfft(wave)
        spectrum[max(1, round(strength * len(spectrum))) :] = 0
        return np.fft.irfft(spectrum, n=len(wave))


@CORRUPTIONS.register("gain")
class Gain(SoundCorruption):
    """Recorded from afar."""

    summary = "quieter"
    strengths = (-6, -12, -20, -30, -40)
    unit = "dB"

    def wave(self, wave: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
        """Return the wave at another loudness."""
        return np.asarray(wave * 10 ** (strength / 20))


@CORRUPTIONS.register("dropouts")
class Dropouts(SoundCorruption):
    """Packets that were lost."""

    summary = "some of twenty pieces silent"
    strengths = (0.05, 0.1, 0.2, 0.3, 0.45)
    unit = "of the pieces are lost"

    def wave(self, wave: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
        """Return the wave with silent pieces."""
        lost = rng.random(20) < strength
        return np.where(lost[np.arange(len(wave)) * 20 // max(1, len(wave))], 0.0, wave)
