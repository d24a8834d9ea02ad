"""The same architecture with nothing learned in it."""

from __future__ import annotations

import re

import torch
from torch import nn

from .weights import seeded

_SCALE = re.compile(r"(weight|gamma|scale|lambda_?\d*|layer_scale\w*)$")
"""Names of vectors that multiply: at 0 they would switch their layer off."""


@torch.no_grad()
def randomise(module: nn.Module, seed: int) -> None:
    """Start every parameter and running statistic afresh, in place.

    Layers that know how to reset do so; a bare parameter (a class token, a position
    embedding, a layer scale) is drawn from N(0, 0.02²) where it is a matrix and keeps its
    usual constant, one for a scale and zero otherwise, where it is a vector.
    """
    with seeded("random", seed):
        covered: set[int] = set()
        for layer in module.modules():
            reset = getattr(layer, "reset_parameters", None)
            if callable(reset):
                reset()
                covered |= {id(p) for p in layer.parameters(recurse=False)}
        for name, parameter in module.named_parameters():
            if id(parameter) in covered:
                continue
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.02)
            else:
                nn.init.constant_(parameter, 1.0 if _SCALE.search(name) else 0.0)
