"""The module round a text model of transformers: one vector a text, and its stages."""

from __future__ import annotations

import inspect
from typing import Any, Literal

import torch
from torch import nn

from ..domains.modalities.ids import NOTHING
from .base import Backbone
from .transformers_body import stages_of

Pooling = Literal["pooler", "mean", "first"]


class TextBackbone(Backbone):
    """A text model of transformers, reduced to one feature vector a text.

    Parameters
    ----------
    model : PreTrainedModel
        Taking ``input_ids`` and ``attention_mask``; of an encoder-decoder the encoder.
    pooling : {"pooler", "mean", "first"}
        BERT's own pooled output (a trained layer on the first token), the mean over the tokens
        that are there, or the first token.
    pad : int
        Number of the padding token. It is written where nothing is, and masked.

    Notes
    -----
    Input int64 (n, tokens), `NOTHING` where there is none; output float32 (n, dim). What stands
    beyond a text's end never changes its features.
    """

    def __init__(self, model: Any, pooling: Pooling, pad: int) -> None:
        super().__init__()
        if pooling != "pooler":
            _take_off_pooler(model)
        self.model, self.pooling, self.pad = model, pooling, pad
        config = model.config
        self.dim = int(getattr(config, "hidden_size", 0) or config.d_model)
        accepted = inspect.signature(model.forward).parameters
        self.keywords = {"use_cache": False} if "use_cache" in accepted else {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        there = x != NOTHING
        out = self.model(
            input_ids=torch.where(there, x, self.pad),
            attention_mask=there.long(),
            **self.keywords,
        )
        if self.pooling == "pooler":
            return out.pooler_output
        last = out.last_hidden_state
        if self.pooling == "first":
            return last[:, 0]
        weights = there.to(last.dtype).unsqueeze(-1)
        return (last * weights).sum(1) / weights.sum(1).clamp(min=1)

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        found = stages_of(self.model)
        return found if found is not None else [("model", [self.model])]


def _take_off_pooler(model: Any) -> None:
    """Remove a dense pooler: the features do not come from it, and its gradient would be none."""
    if isinstance(getattr(model, "pooler", None), nn.Module):
        model.pooler = None
