"""A recording: stretches of time in bands of pitch, which are made quiet."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from ...domains.modalities.mel import from_mel, to_mel
from ...domains.modalities.sound import AudioPreprocessing
from ..records import Drawn, Sound
from .base import UNITS, VIEWS, Rows, RowView, float_input
from .image import scaled, smooth

BANDS = 4
_PICTURE = 64
"""Rows of the picture of a recording."""
_DECIBELS = 6.0
_QUIET = 0.25
"""Quantile over time that counts as quiet."""
_LONGEST = 400
"""Columns of the picture."""


@VIEWS.register("sound")
class SoundView(RowView):
    """Units are stretches of time in bands of pitch; the finest detail is a short-time spectrum's.

    Hidden parts are as quiet as the recording's quiet moments in that pitch, which a model has
    heard; plain silence, in a log spectrum, is far from all that it knows. The sound is put
    together again from the spectrum.
    """

    pass_s: ClassVar[float] = 5e-3
    hidden: ClassVar[str] = "are as quiet as the recording's quiet moments"

    def __init__(self, rows: Rows, row: int) -> None:
        super().__init__(rows, row)
        assert isinstance(rows.preprocessing, AudioPreprocessing)
        self.rate = rows.preprocessing.rate
        wave = float_input(rows, row)
        self.wave = wave[~wave.isnan()] if bool((~wave.isnan()).any()) else wave.nan_to_num()
        self.size = max(16, 2 ** round(np.log2(0.032 * self.rate)))
        self.hop = self.size // 4
        self._listen()
        bins, frames = self.spectrum.shape
        spans = max(1, min(UNITS // BANDS - 1, frames // 2))
        edges = np.asarray(from_mel(np.linspace(0, float(to_mel(self.rate / 2)), BANDS + 1)))
        pitch = np.arange(bins) * self.rate / 2 / max(1, bins - 1)
        band = np.clip(np.searchsorted(edges, pitch, side="right") - 1, 0, BANDS - 1)
        time = np.arange(frames) * spans // frames
        self.labels = band[:, None] * spans + time
        seconds = len(self.wave) / self.rate
        ends = [(i * seconds / spans, (i + 1) * seconds / spans) for i in range(spans)]
        self.keys = tuple(
            f"{edges[b]:.0f} to {edges[b + 1]:.0f} Hz" for b in range(BANDS) for _ in ends
        )
        self.names = tuple(
            f"{a:.2f} to {b:.2f} s, {key}"
            for key, (a, b) in zip(self.keys, ends * BANDS, strict=True)
        )

    def _listen(self) -> None:
        """Take the spectrum, and what of it is left where all is quiet."""
        self.spectrum = torch.stft(
            torch.nn.functional.pad(self.wave, (0, max(0, self.size - len(self.wave)))),
            self.size,
            self.hop,
            window=torch.hann_window(self.size),
            return_complex=True,
        )
        loud = self.spectrum.abs()
        floor = torch.minimum(loud.quantile(_QUIET, dim=1, keepdim=True), loud.median())
        self.quiet = self.spectrum * (floor / loud.clamp(min=1e-9)).clamp(max=1)

    def inputs(self, mask: torch.Tensor) -> torch.Tensor:
        length = max(self.size, len(self.wave))
        window = torch.hann_window(self.size)
        spectrum = self.quiet + mask * (self.spectrum - self.quiet)
        heard = torch.istft(spectrum, self.size, self.hop, window=window, length=length)
        return heard[:, : len(self.wave)]

    def nudged(self, rng: np.random.Generator) -> SoundView:
        """Add noise 34 dB below the recording."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        noise = torch.from_numpy(rng.normal(0, 0.02, len(self.wave)).astype(np.float32))
        other.wave = self.wave + noise * self.wave.std()
        other._listen()
        return other

    def drawn(self, scores: np.ndarray, detail: np.ndarray | None = None) -> list[Drawn]:
        loud = (self.spectrum.abs() ** 2 + 1e-9).log10().numpy()
        seen = np.clip((loud - loud.max() + _DECIBELS) / _DECIBELS, 0, 1) * 255
        heat = scores[self.labels] if detail is None else smooth(detail)
        picture = _on_mel(seen, self.rate).astype(np.uint8)
        wave = np.clip(self.wave.numpy(), -1, 1)
        return [Sound(picture, scaled(_on_mel(heat, self.rate)), wave, self.rate)]


def _on_mel(values: np.ndarray, rate: int) -> np.ndarray:
    """Return a plane of bins and frames with pitch in mel upwards, few enough to be shown."""
    bins, frames = values.shape
    at = np.asarray(from_mel(np.linspace(float(to_mel(rate / 2)), 0, _PICTURE)))
    rows = np.clip(np.rint(at * (bins - 1) / (rate / 2)).astype(int), 0, bins - 1)
    columns = np.linspace(0, frames - 1, min(frames, _LONGEST)).round().astype(int)
    return values[rows][:, columns]
