"""A small convolutional net on log-mel spectrograms, for sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from ..base.typed import Options
from ..domains.examples import Examples, InputSpec
from ..domains.modalities.base import Preprocessing
from .base import BACKBONES, Backbone
from .convnet import conv_blocks
from .log_mel import LogMel, mean_over
from .small import SmallNet
from .sound_input import sound_preprocessing

_RATES = (8000, 16000)


class LogMelNet(Backbone):
    """Log-mel bands, less their mean over a recording; blocks as ConvNet's; then one layer.

    Parameters
    ----------
    rate : int
        Samples a second.
    bands : int
        Mel bands of frames of 25 ms, every 10 ms.
    widths : sequence of int
        Channels of each block.
    dim : int
        Width of the features.

    Notes
    -----
    Input float32 (n, samples), NaN beyond the end; output float32 (n, dim): the mean over the
    recording's own time of what all frequencies say. Taking off the mean makes a voice or a
    microphone that is louder in some bands look like the others.
    """

    def __init__(
        self, rate: int, bands: int = 40, widths: Sequence[int] = (24, 48, 96), dim: int = 128
    ) -> None:
        super().__init__()
        self.dim = dim
        self.halved = 2 ** len(widths)
        self.front = LogMel(
            rate, rate // 40, rate // 100, 512 if rate > 10000 else 256, bands, 50, rate / 2
        )
        self.blocks = conv_blocks(1, widths)
        cells = bands // self.halved
        self.top = nn.Sequential(
            nn.Linear(widths[-1] * cells, dim, bias=False), nn.LayerNorm(dim), nn.ReLU(inplace=True)
        )

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        mel, counts = self.front(wave, least=self.halved)
        counts = counts.clamp(min=self.halved)
        x = _own((mel - mean_over(mel, counts)[:, None])[:, None] / 2, counts)
        for block in self.blocks:
            counts = counts // 2
            x = _own(block(x), counts)  # what is beyond the end says nothing to what is before
        return mean_over(self.top(x.permute(0, 2, 1, 3).flatten(2)), counts)

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        named: list[tuple[str, list[nn.Module]]] = [
            (f"blocks.{i}", [block]) for i, block in enumerate(self.blocks)
        ]
        return [*named, ("top", [self.top])]


def _own(x: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return maps (n, channels, frames, bands), 0 beyond each recording's own frames."""
    beyond = torch.arange(x.shape[2], device=x.device)[None] >= counts[:, None]
    return x.masked_fill(beyond[:, None, :, None], 0.0)


@BACKBONES.register("logmelnet")
class LogMelNetProvider(SmallNet):
    """A small net for sound that starts at random.

    Options: ``rate`` (8000, or 16000 where recordings have more), ``seconds`` (by the
    recordings), ``bands`` (40), ``widths`` (24, 48, 96), ``dim`` (128), ``seed``.
    """

    summary = "small convolutional net on log-mel spectrograms, random start"
    modalities = ("audio",)
    own_for = ("audio",)
    net = LogMelNet
    besides = ("seconds",)

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Any sound, where nothing pretrained is at hand."""
        return 0, "log-mel spectrograms, since no pretrained network for sound is here"

    def fitted(
        self, hint: InputSpec, examples: Sequence[Examples], given: Mapping[str, Any]
    ) -> tuple[Preprocessing, Options]:
        rate = given.get("rate") or _RATES[hint.rate > _RATES[0]]
        preprocessing = sound_preprocessing(hint, rate, seconds=given.get("seconds"), width=8)
        return preprocessing, {
            "rate": rate,
            "seconds": preprocessing.samples / rate,
            "bands": 40,
            "widths": [24, 48, 96],
            "dim": 128,
        }
