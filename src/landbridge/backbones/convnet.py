"""A small convolutional network for small images: digits, letters, icons, thumbnails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from ..base.errors import BackboneError
from ..base.typed import Options
from ..domains.examples import Examples, InputSpec
from ..domains.modalities.base import Preprocessing
from .base import BACKBONES, Backbone
from .images import photographs, size_of
from .small import SmallNet

_SMALLEST = 16
_NATIVE = 32
_LARGE = 64


def conv_blocks(channels: int, widths: Sequence[int]) -> nn.ModuleList:
    """Return blocks of a 3×3 convolution, BatchNorm, 2×2 maximum and ReLU, one for each width.

    ReLU comes after the maximum: that gives the same, of a quarter of the values.
    """
    return nn.ModuleList(
        nn.Sequential(
            nn.Conv2d(a, b, 3, padding=1, bias=False),
            nn.BatchNorm2d(b),
            nn.MaxPool2d(2),
            nn.ReLU(inplace=True),
        )
        for a, b in pairwise([channels, *widths])
    )


class ConvNet(Backbone):
    """Blocks of a 3×3 convolution, BatchNorm, 2×2 maximum and ReLU; then one linear layer.

    Parameters
    ----------
    height, width, channels : int
        Of one input.
    widths : sequence of int
        Channels of each block.
    dim : int
        Width of the features.

    Notes
    -----
    Input float32 (n, channels, height, width); output float32 (n, dim). The last map is laid
    flat and not averaged: where a stroke lies is what tells digits apart. Norms are plain
    BatchNorm, because methods such as AdaBN re-estimate their statistics.
    """

    def __init__(
        self,
        height: int,
        width: int,
        channels: int = 1,
        widths: Sequence[int] = (16, 48, 96),
        dim: int = 128,
    ) -> None:
        super().__init__()
        halved = 2 ** len(widths)
        if min(height, width) < halved:
            raise BackboneError(
                f"convnet: {len(widths)} blocks halve {height}x{width} px to nothing",
                hint=f"use images of at least {halved} px, or fewer widths",
            )
        self.dim = dim
        self.blocks = conv_blocks(channels, widths)
        cells = (height // halved) * (width // halved)
        self.top = nn.Sequential(
            nn.Linear(widths[-1] * cells, dim, bias=False),
            nn.BatchNorm1d(dim),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = block(x)
        return self.top(x.flatten(1))

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        named: list[tuple[str, list[nn.Module]]] = [
            (f"blocks.{i}", [block]) for i, block in enumerate(self.blocks)
        ]
        return [*named, ("top", [self.top])]


def input_size(hint: InputSpec) -> tuple[int, int]:
    """Return the height and width for images like these.

    Up to 32 px they stay as they are, but at least 16; larger ones become 64×64.
    """
    if max(hint.height, hint.width) > _NATIVE:
        return _LARGE, _LARGE
    return max(hint.height, _SMALLEST), max(hint.width, _SMALLEST)


@BACKBONES.register("convnet")
class ConvNetProvider(SmallNet):
    """A small convolutional network that starts at random.

    Options: ``height``, ``width`` (default `input_size`), ``channels``, ``widths``
    (16, 48, 96, and 128 above 32 px), ``dim`` (128), ``seed``.
    """

    summary = "small convolutional network for images up to 64 px, random start"
    modalities = ("image",)
    own_for = ("image",)
    net = ConvNet

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Small images; a makeshift for photographs."""
        what = f"images of {size_of(hint)}"
        if photographs(hint):
            return 0, f"{what} call for a pretrained network, and there is none here"
        return 3, f"{what} are too small for a network for photographs"

    def fitted(
        self, hint: InputSpec, examples: Sequence[Examples], given: Mapping[str, Any]
    ) -> tuple[Preprocessing, Options]:
        from ..domains.modalities.image import ImagePreprocessing

        height, width = input_size(hint)
        own = {
            "height": height,
            "width": width,
            "channels": 1 if hint.channels == 1 else 3,
            "widths": [16, 48, 96] if max(height, width) <= _NATIVE else [16, 48, 96, 128],
            "dim": 128,
        }
        size = {key: given.get(key, own[key]) for key in ("height", "width", "channels")}
        # Grey images are mostly strokes on black; the first BatchNorm makes up for the rest.
        mean, std = (0.2, 0.35) if size["channels"] == 1 else (0.5, 0.25)
        each = size["channels"]
        return ImagePreprocessing(**size, mean=(mean,) * each, std=(std,) * each), own
