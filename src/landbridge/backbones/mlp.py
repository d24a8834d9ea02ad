"""A multilayer perceptron for tables and for small images laid flat."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from ..base.errors import BackboneError
from ..base.typed import Options
from ..domains.examples import Examples, InputSpec
from ..domains.modalities.base import Preprocessing
from .base import BACKBONES, Backbone
from .small import SmallNet

_LARGEST_IMAGE = 32


class Mlp(Backbone):
    """Linear, norm, GELU and dropout, a few times over.

    Parameters
    ----------
    inputs : int
        Numbers in one input, after flattening.
    width : int
        Units in each hidden layer, and the width of the features.
    depth : int
        Hidden layers.
    dropout : float
        Before every layer but the first: a table's columns are too few to lose some.
    norm : {"layer", "batch"}
        LayerNorm is the default: tables are often a few dozen rows, and it treats each row
        by itself, so a batch of one, or one that mixes two domains, is as good as any.
        BatchNorm is there for methods that re-estimate its statistics.

    Notes
    -----
    Input float32 (n, ...), flattened to (n, inputs); output float32 (n, width).
    """

    def __init__(
        self, inputs: int, width: int, depth: int, dropout: float = 0.1, norm: str = "layer"
    ) -> None:
        super().__init__()
        if norm not in ("layer", "batch"):
            raise BackboneError(f"mlp: norm {norm!r} is unknown", hint='use "layer" or "batch"')
        self.dim = width
        make_norm = nn.LayerNorm if norm == "layer" else nn.BatchNorm1d
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Dropout(dropout if i else 0.0),
                nn.Linear(width if i else inputs, width),
                make_norm(width),
                nn.GELU(),
            )
            for i in range(depth)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(1)
        for layer in self.layers:
            x = layer(x)
        return x

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        return [(f"layers.{i}", [layer]) for i, layer in enumerate(self.layers)]


def default_width(inputs: int) -> int:
    """Return the power of two at or above twice the inputs, between 64 and 512."""
    return min(512, max(64, 2 ** math.ceil(math.log2(2 * max(inputs, 1)))))


@BACKBONES.register("mlp")
class MlpProvider(SmallNet):
    """A small network that starts at random.

    Options: ``inputs``, ``width`` (default: by the inputs), ``depth`` (2 for tables, 3 for
    images), ``dropout`` (0.1), ``norm`` ("layer"), ``seed``.

    Examples
    --------
    >>> opened = open_backbone("mlp", hint, [examples], seed=0)     # doctest: +SKIP
    >>> opened.module(torch.zeros(4, 13)).shape                          # doctest: +SKIP
    torch.Size([4, 64])
    """

    summary = "multilayer perceptron for tables and tiny images, random start"
    modalities = ("tabular", "image")
    net = Mlp

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Tables."""
        return (1, f"a table of {hint.columns} columns") if hint.modality == "tabular" else None

    def fitted(
        self, hint: InputSpec, examples: Sequence[Examples], given: Mapping[str, Any]
    ) -> tuple[Preprocessing, Options]:
        preprocessing = flat_preprocessing(hint, examples)
        inputs = math.prod(preprocessing.shape)
        return preprocessing, {
            "inputs": inputs,
            "width": default_width(inputs),
            "depth": 2 if hint.modality == "tabular" else 3,
            "dropout": 0.1,
            "norm": "layer",
        }


def flat_preprocessing(hint: InputSpec, examples: Sequence[Examples]) -> Preprocessing:
    """Return a table's encoding, or an image small enough to be laid flat."""
    if hint.modality == "tabular":
        from ..domains.modalities.tabular import TablePreprocessing

        return TablePreprocessing.fit(list(examples))
    from ..domains.modalities.image import ImagePreprocessing

    channels = 1 if hint.channels == 1 else 3
    return ImagePreprocessing(
        height=min(hint.height, _LARGEST_IMAGE),
        width=min(hint.width, _LARGEST_IMAGE),
        channels=channels,
        mean=(0.5,) * channels,
        std=(0.5,) * channels,
    )
