"""The module round an image model of transformers: one vector an image, and its stages."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from .base import Backbone

_DEEPEST = 3


class TransformersBackbone(Backbone):
    """An image model of transformers, reduced to one feature vector an image.

    Parameters
    ----------
    model : PreTrainedModel
        Taking ``pixel_values``.
    channels : int
    size : sequence of int
        Of one input: height and width.
    flip_channels : bool
        Whether it wants blue first.
    interpolate : bool
        Whether to fit its position embeddings to another image size.

    Notes
    -----
    Input float32 (n, channels, h, w); output float32 (n, dim). By family:

    - ResNet, RegNet, ConvNeXt, ConvNeXtV2, Swin, MobileNet, EfficientNet: ``pooler_output``,
      the average over the last map (normed where the family norms it).
    - DINOv2, CLIP: ``pooler_output``, which is the normed class token. SigLIP: its attention
      pooling, BEiT: its normed mean; both are part of the checkpoint.
    - ViT, DeiT and others whose pooler is a dense layer: the normed class token of
      ``last_hidden_state``. The dense layer belongs to the original head, most checkpoints
      lack it, and random weights must not come in: it is taken off.
    - Without a pooler: the average over the map (four axes), the class token where there is
      one, else the mean over the tokens.
    """

    def __init__(
        self,
        model: Any,
        channels: int,
        size: Sequence[int],
        *,
        flip_channels: bool = False,
        interpolate: bool = False,
    ) -> None:
        super().__init__()
        self.flip_channels = flip_channels
        _take_off(model)
        self.model = model
        self.keywords: dict[str, bool] = {}
        accepted = inspect.signature(model.forward).parameters
        if interpolate and "interpolate_pos_encoding" in accepted:
            self.keywords["interpolate_pos_encoding"] = True
        self.has_class_token = any(
            name.endswith(("cls_token", "class_embedding")) for name, _ in model.named_parameters()
        )
        with torch.inference_mode():  # no configuration names the width in one way for all
            self.dim = self.eval()(torch.zeros(1, channels, *size)).shape[1]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.flip_channels:
            x = x.flip(1)
        out = self.model(pixel_values=x, **self.keywords)
        pooled = getattr(out, "pooler_output", None)
        if pooled is not None:
            return pooled.flatten(1)
        last = out.last_hidden_state
        if last.ndim == 4:
            return last.mean((2, 3))
        return last[:, 0] if self.has_class_token else last.mean(1)

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        found = _stages("", self.model, 0)
        if found is None:  # parameters at the very top: they cannot be told apart by module
            return [("model", [self.model])]
        return found


def stages_of(model: nn.Module) -> list[tuple[str, list[nn.Module]]] | None:
    """Split a model into groups of modules in order; None where it cannot be split."""
    return _stages("", model, 0)


def _take_off(model: Any) -> None:
    """Remove what the features do not come from: a dense pooler, mask tokens."""
    for module in list(model.modules()):
        pooler = getattr(module, "pooler", None)
        if isinstance(pooler, nn.Module) and any(
            isinstance(part, nn.Linear) for part in pooler.modules()
        ):
            module.pooler = None
        if isinstance(getattr(module, "mask_token", None), nn.Parameter):
            module.mask_token = None


def _stages(prefix: str, module: nn.Module, depth: int) -> list[tuple[str, list[nn.Module]]] | None:
    """Split a module into groups in order; None where it has parameters of its own.

    The items of a ModuleList are a group each, and lists of one length beside each other
    (SegFormer: patch embeddings, blocks, norms) go hand in hand.
    """
    if next(module.parameters(recurse=False), None) is not None:
        return None
    lists = {
        name: child
        for name, child in module.named_children()
        if isinstance(child, nn.ModuleList) and _has_parameters(child)
    }
    lengths = {len(child) for child in lists.values()}
    together = len(lists) > 1 and len(lengths) == 1
    groups: list[tuple[str, list[nn.Module]]] = []
    for name, child in module.named_children():
        path = f"{prefix}{name}"
        if not _has_parameters(child):
            continue
        if name in lists:
            if together and name != next(iter(lists)):
                continue
            columns = list(lists.values()) if together else [child]
            for i, items in enumerate(zip(*columns, strict=True)):
                if held := [item for item in items if _has_parameters(item)]:
                    groups.append((f"{path}.{i}", held))
            continue
        deeper = _stages(f"{path}.", child, depth + 1) if _worth_splitting(child, depth) else None
        groups += deeper if deeper is not None else [(path, [child])]
    return groups


def _worth_splitting(module: nn.Module, depth: int) -> bool:
    """Encoders are split; embeddings and norms are one stage each."""
    if depth >= _DEEPEST or "embed" in type(module).__name__.lower():
        return False
    return any(isinstance(part, nn.ModuleList) for part in module.modules())


def _has_parameters(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None
