"""YAMNet: 521 kinds of sound from AudioSet, 1024 features."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from ..domains.examples import InputSpec
from .base import BACKBONES, Backbone
from .from_file import SoundFileProvider
from .log_mel import LogMel, mean_over, pieces

_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
_WIDTHS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
PATCH, STEP = 96, 48
"""Frames of a patch, and between patches."""


def _same(x: torch.Tensor, stride: int) -> torch.Tensor:
    """Pad for a 3×3 convolution as TensorFlow does: where the sides differ, more behind."""
    needs = [max((-(-size // stride) - 1) * stride + 3 - size, 0) for size in x.shape[2:]]
    (top, bottom), (left, right) = ((n // 2, n - n // 2) for n in needs)
    return functional.pad(x, (left, right, top, bottom))


class YamNet(Backbone):
    """MobileNetV1 on log-mel patches of 0.96 s (Howard et al., 2017; Gemmeke et al., 2017).

    Notes
    -----
    Input float32 (n, samples) at 16 kHz, NaN beyond the end; output float32 (n, 1024): the mean
    over the recording's patches, which begin every 0.48 s. Batch normalisation is folded into
    the convolutions.
    """

    dim = 1024

    def __init__(self) -> None:
        super().__init__()
        self.front = LogMel(16000, 400, 160, 512, 64, 125, 7500, power=1, floor=1e-3)
        self.conv1 = nn.Conv2d(1, 32, 3, stride=2)
        before = (32, *_WIDTHS[:-1])
        self.dw = nn.ModuleList(
            nn.Conv2d(n, n, 3, stride=s, groups=n) for n, s in zip(before, _STRIDES, strict=True)
        )
        self.pw = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(before, _WIDTHS, strict=True))

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        lengths = (~wave.isnan()).sum(1)
        # One patch, and one more for each half patch that is begun beyond the first.
        first, step = self.front.window + (PATCH - 1) * self.front.hop, STEP * self.front.hop
        counts = 1 + (lengths - first).clamp(min=0).div(step, rounding_mode="floor")
        counts = counts + ((lengths - first).clamp(min=0) % step > 0)
        most = int(counts.max())
        mel, _ = self.front(wave, least=PATCH + (most - 1) * STEP)
        patches = pieces(mel, PATCH, STEP)[:, :most]
        x = patches.flatten(0, 1)[:, None]
        x = torch.relu(self.conv1(_same(x, 2)))
        for deep, wide in zip(self.dw, self.pw, strict=True):
            x = torch.relu(deep(_same(x, deep.stride[0])))  # type: ignore[index, arg-type]
            x = torch.relu(wide(x))
        return mean_over(x.mean((2, 3)).unflatten(0, (-1, most)), counts)

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        pairs = zip(self.dw, self.pw, strict=True)
        return [
            ("stem", [self.conv1]),
            *((f"blocks.{i}", [deep, wide]) for i, (deep, wide) in enumerate(pairs)),
        ]


@BACKBONES.register("yamnet")
class YamNetProvider(SoundFileProvider):
    """YAMNet from a file of tensors; options: ``path`` (None: the known place), ``seconds``."""

    summary = "YAMNet, 521 sounds of AudioSet, 1024 features, 16 kHz"
    file = "yamnet_audioset521_fp16.safetensors"
    kind = YamNet
    drop = ("classifier.",)

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Any sound that is not as short as a word."""
        return (2 if hint.seconds > 1.5 else 1), "pretrained on everyday sounds"
