"""The module round a text model of transformers: one vector a text, and its stages."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from ..domains.modalities.ids import NOTHING
from .base import Backbone
from .sentence_layers import build, pooled, poolings
from .transformers_body import stages_of


class TextBackbone(Backbone):
    """A text model of transformers, reduced to one feature vector a text.

    Parameters
    ----------
    model : PreTrainedModel
        Taking ``input_ids`` and ``attention_mask``; of an encoder-decoder the encoder.
    pooling : str or list of str
        "pooler": BERT's own pooled output (a trained layer on the first token); "first": the first
        token; or what sentence-transformers calls "cls", "max", "mean", "mean_sqrt_len_tokens",
        "weightedmean", "lasttoken". What several give is put beside each other.
    pad : int
        Number of the padding token. It is written where nothing is, and masked.
    layers : sequence of mapping
        What stands behind the pooling: see `sentence_layers.build`.
    skip : int
        Tokens of a prompt, which the pooling leaves out.

    Notes
    -----
    Input int64 (n, tokens), `NOTHING` where there is none; output float32 (n, dim). What stands
    beyond a text's end never changes its features.
    """

    def __init__(
        self,
        model: Any,
        pooling: str | Sequence[str],
        pad: int,
        layers: Sequence[Mapping[str, Any]] = (),
        skip: int = 0,
    ) -> None:
        super().__init__()
        self.pooling = poolings(pooling)
        if self.pooling != ["pooler"]:
            _take_off_pooler(model)
        self.model, self.pad, self.skip = model, pad, skip
        config = model.config
        width = int(getattr(config, "hidden_size", 0) or config.d_model)
        self.layers, self.dim = build(layers, width * len(self.pooling))
        accepted = inspect.signature(model.forward).parameters
        self.keywords = {"use_cache": False} if "use_cache" in accepted else {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        there = x != NOTHING
        seen = there.clone()
        seen[:, 0] |= ~there.any(1)  # of a text without tokens, which attention has no answer to
        out = self.model(
            input_ids=torch.where(there, x, self.pad),
            attention_mask=seen.long(),
            **self.keywords,
        )
        if self.pooling == ["pooler"]:
            return self.layers(out.pooler_output)
        return self.layers(pooled(out.last_hidden_state, there, self.pooling, self.skip))

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        found = stages_of(self.model)
        staged = found if found is not None else [("model", [self.model])]
        behind = [part for part in self.layers if next(part.parameters(), None) is not None]
        return [*staged, ("layers", behind)] if behind else staged


def _take_off_pooler(model: Any) -> None:
    """Remove a dense pooler: the features do not come from it, and its gradient would be none."""
    if isinstance(getattr(model, "pooler", None), nn.Module):
        model.pooler = None
