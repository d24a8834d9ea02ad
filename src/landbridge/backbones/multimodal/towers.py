"""Encoders of several modalities into one space, where what belongs together is near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from ...domains.examples import InputSpec
from ..base import BACKBONES, Backbone
from .fusion import SideBySide
from .provider import FusionProvider


class Towers(SideBySide):
    """Each part's features, projected into one space, all of length one.

    Parameters
    ----------
    encoders, slots
        As of `SideBySide`.
    space : int
        Width of the space.
    width : int
        Of the projections' hidden layer.
    dropout : float

    Notes
    -----
    Output float32 (n, parts · space): the parts' vectors one after another, 0 where a part is
    missing. The projections start at random, so nothing is near its own until it is aligned.
    """

    def __init__(
        self,
        encoders: Mapping[str, Backbone],
        slots: Sequence[Mapping[str, Any]],
        space: int,
        width: int,
        dropout: float,
    ) -> None:
        super().__init__(encoders, slots)
        self.space = space
        self.dim = space * len(self.dims)
        self.project = nn.ModuleList(
            nn.Sequential(
                nn.Linear(dim, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, space)
            )
            for dim in self.dims
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts, present = self.encoded(x)
        own = [
            F.normalize(layer(part).float(), dim=1) * present[:, i : i + 1]
            for i, (layer, part) in enumerate(zip(self.project, parts, strict=True))
        ]
        return torch.cat(own, dim=1)

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        return [*self.encoder_stages(), ("project", [self.project])]

    def fresh(self) -> list[nn.Module]:
        """Return the projections, and encoders that start at random."""
        return [*self.fresh_encoders(), self.project]


@BACKBONES.register("towers")
class TowersProvider(FusionProvider):
    """One encoder a part into one space: what `landbridge align` trains.

    Options: ``space`` (128) and ``width`` (256) of the projections; ``encoders``, ``moving``,
    ``dropout`` and ``seed`` as of `FusionProvider`.
    """

    summary = "encoders of several modalities into one space, for `landbridge align`"
    own_options: ClassVar[Mapping[str, Any]] = {"space": 128, "drop": 0.0}

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Only by name."""
        return None

    def join(
        self,
        encoders: Mapping[str, Backbone],
        slots: Sequence[Mapping[str, Any]],
        options: Mapping[str, Any],
    ) -> Backbone:
        """Put the encoders together."""
        space, width = int(options["space"]), int(options["width"])
        return Towers(encoders, slots, space, width, options["dropout"])
