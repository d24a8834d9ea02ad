"""No backbone at all: the features are the inputs, laid flat."""

from __future__ import annotations

import math

import torch
from torch import nn

from ..base.events import SILENT, Events
from ..base.typed import Options
from .base import BACKBONES, Backbone, BackboneRequest, LoadedBackbone, Provider
from .mlp import flat_preprocessing
from .weights import merge_options


class Flat(Backbone):
    """Features (n, dim) are the inputs (n, ...) flattened. It has no parameters."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        return []


@BACKBONES.register("identity")
class IdentityProvider(Provider):
    """For tables of features that some other network already made.

    Options: ``dim``, the width of the inputs.
    """

    summary = "the inputs themselves, for tables of precomputed features"
    modalities = ("tabular", "image")
    pretrained = False
    takes = ("dim",)

    def available(self) -> tuple[bool, str]:
        return True, "built in"

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        preprocessing = flat_preprocessing(asked.hint, asked.examples)
        chosen = merge_options({"dim": math.prod(preprocessing.shape)}, asked.options, self.name)
        module = self.restore(chosen)
        return LoadedBackbone(
            module, preprocessing, self.identify(self.name, module, "no parameters", chosen)
        )

    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Flat:
        return Flat(**options)
