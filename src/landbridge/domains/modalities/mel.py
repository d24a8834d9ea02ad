"""Mel filters, and the spectrograms that are made with them, in NumPy."""

from __future__ import annotations

from typing import Literal

import numpy as np

Scale = Literal["htk", "slaney", "kaldi"]


def to_mel(hertz: np.ndarray | float, scale: Scale = "htk") -> np.ndarray:
    """Return frequencies on the mel scale.

    HTK's and Kaldi's is 2595 · log10(1 + f / 700) (Kaldi: 1127 · ln, the same); Slaney's is
    linear below 1 kHz and logarithmic above.
    """
    f = np.asarray(hertz, float)
    if scale == "slaney":
        return np.where(
            f < 1000, f * 3 / 200, 15 + 27 * np.log(np.maximum(f, 1) / 1000) / np.log(6.4)
        )
    return 1127 * np.log1p(f / 700)


def from_mel(mel: np.ndarray, scale: Scale = "htk") -> np.ndarray:
    """Undo `to_mel`."""
    m = np.asarray(mel, float)
    if scale == "slaney":
        return np.where(m < 15, m * 200 / 3, 1000 * np.exp((m - 15) * np.log(6.4) / 27))
    return 700 * np.expm1(m / 1127)


def mel_filters(
    bands: int,
    bins: int,
    rate: float,
    low: float,
    high: float,
    scale: Scale = "htk",
    *,
    in_mel: bool = True,
    norm: bool = False,
) -> np.ndarray:
    """Return triangular filters, float64 (bins, bands).

    Parameters
    ----------
    bands : int
    bins : int
        Of the spectrum, from 0 to half the rate.
    rate, low, high : float
        In hertz.
    scale : {"htk", "slaney", "kaldi"}
    in_mel : bool
        Whether the triangles' sides are straight on the mel scale (TensorFlow, Kaldi) or over
        hertz (librosa, torchaudio).
    norm : bool
        Whether each filter has area 1 over hertz ("slaney" normalisation).

    Examples
    --------
    >>> mel_filters(4, 9, 16000, 0, 8000).shape
    (9, 4)
    """
    edges = np.linspace(to_mel(low, scale), to_mel(high, scale), bands + 2)
    hertz = np.linspace(0, rate / 2, bins)
    if in_mel:
        place, corners = to_mel(hertz, scale), edges
    else:
        place, corners = hertz, from_mel(edges, scale)
    up = (place[:, None] - corners[:-2]) / (corners[1:-1] - corners[:-2])
    down = (corners[2:] - place[:, None]) / (corners[2:] - corners[1:-1])
    filters = np.maximum(0, np.minimum(up, down))
    filters[0] = 0  # the constant part is in no band
    if norm:
        limits = from_mel(edges, scale)
        filters *= 2 / (limits[2:] - limits[:-2])
    return filters
