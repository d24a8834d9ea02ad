"""Waves -> log-mel spectrograms, in torch and differentiable."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from ..domains.modalities.mel import Scale, mel_filters


class LogMel(nn.Module):
    """The logarithm of the energy in mel bands, frame by frame.

    Parameters
    ----------
    rate : int
        Samples a second.
    window, hop : int
        Samples of a frame, and between frames.
    size : int
        Of the Fourier transform.
    bands : int
    low, high : float
        Hertz.
    scale : {"htk", "slaney", "kaldi"}
    power : {1, 2}
        Of the spectrum: magnitudes or energies.
    floor : float
        What the logarithm is kept away from 0 by.
    above : {"add", "max"}
        Whether the floor is added, or the least value.
    kaldi : bool
        Whether frames lose their mean and are emphasised (0.97), as Kaldi does.
    periodic : bool
        Of the Hann window.
    librosa : bool
        Whether filters are librosa's (straight over hertz, of area 1), and the window stands in
        the middle of a frame that is as long as the transform.
    range : float, optional
        Least value below the greatest of a recording, in decibels.

    Notes
    -----
    Input float32 (n, samples), NaN beyond the end; output float32 (n, frames, bands) and the
    number of frames of each recording. A recording shorter than a frame is one frame. Nothing of
    it is learned or saved.
    """

    window_shape: torch.Tensor
    filters: torch.Tensor

    def __init__(
        self,
        rate: int,
        window: int,
        hop: int,
        size: int,
        bands: int,
        low: float,
        high: float,
        scale: Scale = "htk",
        power: int = 2,
        floor: float = 1e-6,
        above: Literal["add", "max"] = "add",
        *,
        kaldi: bool = False,
        periodic: bool = True,
        librosa: bool = False,
        range: float | None = None,
    ) -> None:
        super().__init__()
        self.window, self.hop, self.size = size if librosa else window, hop, size
        self.power, self.floor, self.above, self.kaldi = power, floor, above, kaldi
        self.range = None if range is None else range * math.log(10) / 10
        shape = torch.hann_window(window, periodic=periodic, dtype=torch.float64).float()
        if librosa:
            before = (size - window) // 2
            shape = functional.pad(shape, (before, size - window - before))
        found = mel_filters(
            bands, size // 2 + 1, rate, low, high, scale, in_mel=not librosa, norm=librosa
        )
        filters = torch.from_numpy(found)
        self.register_buffer("window_shape", shape, persistent=False)
        self.register_buffer("filters", filters.float(), persistent=False)

    def frames_of(self, lengths: torch.Tensor) -> torch.Tensor:
        """Return how many whole frames recordings of so many samples have, at least 1."""
        return ((lengths - self.window) // self.hop + 1).clamp(min=1)

    def forward(self, wave: torch.Tensor, least: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
        """Return spectrograms of at least `least` frames, and each recording's own frames."""
        there = ~wave.isnan()
        counts = self.frames_of(there.sum(1))
        x = wave.nan_to_num(0.0)
        needed = self.window + (max(least, int(counts.max())) - 1) * self.hop
        x = functional.pad(x, (0, max(0, needed - x.shape[1])))
        frames = x.unfold(1, self.window, self.hop)
        if self.kaldi:
            frames = frames - frames.mean(2, keepdim=True)
            before = torch.cat([frames[..., :1], frames[..., :-1]], 2)
            frames = frames - 0.97 * before
        spectrum = torch.fft.rfft((frames * self.window_shape).float(), n=self.size).abs()
        mel = (spectrum**self.power) @ self.filters
        lifted = mel + self.floor if self.above == "add" else mel.clamp(min=self.floor)
        found = lifted.log()
        if self.range is not None:
            found = found.maximum(found.amax((1, 2), keepdim=True) - self.range)
        return found, counts


def mean_over(x: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return the mean of (n, frames, d) over each recording's own frames."""
    own = torch.arange(x.shape[1], device=x.device)[None] < counts[:, None]
    weights = own.to(x.dtype).unsqueeze(-1)
    return (x * weights).sum(1) / weights.sum(1).clamp(min=1)


def pieces(x: torch.Tensor, length: int, hop: int) -> torch.Tensor:
    """Return (n, pieces, length, bands) of spectrograms (n, frames, bands)."""
    return x.unfold(1, length, hop).transpose(2, 3)
