"""MobileNetV2 trained on ImageNet, with torchvision's tensor names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from ..base.errors import BackboneError
from ..base.events import SILENT, Events
from ..base.typed import Options
from ..domains.examples import InputSpec
from .base import BACKBONES, Backbone, BackboneRequest, LoadedBackbone, Provider
from .images import photographs, size_of
from .in_package import there_or_why
from .weights import load_exactly, merge_options, read_tensors, seeded, weights_folder

FILE = "mobilenet_v2-imagenet1k.safetensors"

# Expansion, channels, repeats, stride of the first: table 2 of the paper.
_SETTINGS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _conv(before: int, after: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow; add the input where the shapes agree."""

    def __init__(self, before: int, after: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = before * expansion
        self.adds = stride == 1 and before == after
        layers: list[nn.Module] = [_conv(before, hidden, 1)] if expansion != 1 else []
        layers += [
            _conv(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, after, 1, bias=False),
            nn.BatchNorm2d(after),
        ]
        self.conv = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(Backbone):
    """MobileNetV2 without its classifier (Sandler et al., 2018, arXiv:1801.04381).

    Notes
    -----
    Input float32 (n, 3, h, w), 224 px in training; output float32 (n, 1280), the average
    over the last map.
    """

    dim = 1280

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [_conv(3, 32, 3, 2)]
        self._groups: list[tuple[str, int, int]] = [("stem", 0, 1)]
        before = 32
        for number, (expansion, after, repeats, stride) in enumerate(_SETTINGS):
            start = len(blocks)
            for i in range(repeats):
                blocks.append(InvertedResidual(before, after, stride if i == 0 else 1, expansion))
                before = after
            self._groups.append((f"blocks.{number}", start, len(blocks)))
        blocks.append(_conv(before, self.dim, 1))
        self._groups.append(("top", len(blocks) - 1, len(blocks)))
        self.features = nn.Sequential(*blocks)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.features(x).mean((2, 3))

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        blocks = list(self.features)
        return [(name, blocks[start:stop]) for name, start, stop in self._groups]


def looks_like_mobilenet_v2(names: Sequence[str]) -> bool:
    """Say whether tensor names are torchvision's MobileNetV2."""
    return {"features.0.0.weight", "features.17.conv.0.0.weight", "features.18.1.weight"} <= set(
        names
    )


@BACKBONES.register("mobilenet_v2")
class MobileNetV2Provider(Provider):
    """MobileNetV2 with ImageNet-1k weights from a file in torchvision's layout.

    The file is ``$LANDBRIDGE_DATA/weights/mobilenet_v2-imagenet1k.safetensors``, or the one
    in ``mobilenet_v2:/path/to/file.safetensors``. Options: ``path`` (None for the former).
    """

    summary = "MobileNetV2, ImageNet-1k, 1280 features at 224 px"
    modalities = ("image",)
    pretrained = True
    takes = ("path",)

    def available(self) -> tuple[bool, str]:
        return there_or_why(lambda: find_file(None))

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Photographs."""
        if not photographs(hint):
            return None
        return 2, f"pretrained on photographs, for images of {size_of(hint)}"

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        from .images import imagenet_crop

        path = asked.name.removeprefix(self.name).removeprefix(":")
        chosen = merge_options({"path": path or None}, asked.options, self.name)
        origin = str(find_file(chosen["path"]))
        module = self.restore(chosen)
        return LoadedBackbone(
            module, imagenet_crop(asked.hint), self.identify(asked.name, module, origin, chosen)
        )

    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> MobileNetV2:
        with seeded("backbone", self.name):
            module = MobileNetV2()
        if weights:
            path = _find_again(options["path"], events)
            load_exactly(module, read_tensors(path), str(path), drop=("classifier.",))
        return module

    def classifier(
        self, options: Options, *, events: Events = SILENT
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Return the head for the 1,000 classes of ImageNet, where the file has it."""
        tensors = read_tensors(_find_again(options["path"], events))
        if "classifier.1.weight" not in tensors:
            return None
        return tensors["classifier.1.weight"], tensors["classifier.1.bias"]


def find_file(path: str | None) -> Path:
    """Return the weights' path, the one given or the one below LANDBRIDGE_DATA.

    Raises
    ------
    BackboneError
        Where there is none, with what to set and what to use instead.
    """
    instead = "or use another backbone: hf/<hub id>, a local folder, or efficientnet_lite0"
    if path is not None:
        if Path(path).is_file():
            return Path(path)
        raise BackboneError(f"{path} is missing", hint=f"correct the path, {instead}")
    folder = weights_folder()
    if folder is None:
        raise BackboneError(
            f"the weights {FILE} were not found: LANDBRIDGE_DATA is not set",
            hint=f"set LANDBRIDGE_DATA to the folder that has weights/{FILE}, write "
            f"mobilenet_v2:/path/to/file.safetensors, {instead}",
        )
    if not (folder / FILE).is_file():
        raise BackboneError(
            f"{folder / FILE} is missing",
            hint=f"put torchvision's MobileNetV2 tensors there as safetensors, write "
            f"mobilenet_v2:/path/to/file.safetensors, {instead}",
        )
    return folder / FILE


def _find_again(path: str | None, events: Events) -> Path:
    """Like `find_file`, for a saved run: its file may lie elsewhere on this machine.

    `reopen` compares the hash, so another file cannot slip in.
    """
    if path is not None and not Path(path).is_file():
        folder = weights_folder()
        if folder is not None and (folder / FILE).is_file():
            events.log("note", f"{path} is missing: {folder / FILE} is tried instead")
            return folder / FILE
    return find_file(path)
