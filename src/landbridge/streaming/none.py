"""The source model as it is: what every other adapter is measured against."""

from __future__ import annotations

import torch

from .base import ADAPTERS, StreamAdapter


@ADAPTERS.register("none")
class NoAdapter(StreamAdapter):
    """Answers, and learns nothing."""

    summary = "the source model as it is"

    @torch.no_grad()
    def answer(self, x: torch.Tensor) -> torch.Tensor:
        """Return the source's logits."""
        return self.network(x)[1]
