"""Several encoders, and what joins their features: side by side, by gates, or by attention."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from ...domains.modalities.ids import NOTHING
from ..base import Backbone

Fusion = Literal["late", "gated", "attention"]
FUSIONS: tuple[Fusion, ...] = ("late", "gated", "attention")


class Lanes(nn.Module):
    """Each part by itself: a correction of its features that never sees the others (late fusion).

    The head's answer on them is the sum of what each part says.
    """

    def __init__(self, dims: Sequence[int], width: int, dropout: float) -> None:
        super().__init__()
        self.down = nn.ModuleList(nn.Linear(dim, width) for dim in dims)
        self.up = nn.ModuleList(nn.Linear(width, dim) for dim in dims)
        self.dropout = nn.Dropout(dropout)

    def forward(self, parts: Sequence[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        """Return a correction (n, sum of dims); of a part that is missing 0."""
        return torch.cat(
            [
                up(self.dropout(functional.gelu(down(x)))) * present[:, i : i + 1]
                for i, (x, down, up) in enumerate(zip(parts, self.down, self.up, strict=True))
            ],
            dim=1,
        )


class Gates(nn.Module):
    """Gated multimodal unit (Arevalo et al., 2017, ICLR workshop), for any number of parts.

    Each part is projected to one width; gates, which see all parts and sum to one over those that
    are there, say how much of each goes into the common vector.
    """

    def __init__(self, dims: Sequence[int], width: int, dropout: float) -> None:
        super().__init__()
        self.project = nn.ModuleList(nn.Linear(dim, width) for dim in dims)
        self.gate = nn.Linear(sum(dims), len(dims) * width)
        self.up = nn.Linear(width, sum(dims))
        self.dropout = nn.Dropout(dropout)

    def forward(self, parts: Sequence[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        """Return a correction (n, sum of dims)."""
        hidden = torch.stack(
            [torch.tanh(layer(x)) for layer, x in zip(self.project, parts, strict=True)], dim=1
        )
        gates = self.gate(torch.cat(list(parts), dim=1)).view(hidden.shape)
        gates = gates.masked_fill(present[:, :, None] == 0, -torch.inf).softmax(dim=1)
        return self.up(self.dropout((gates * hidden).sum(1)))


class Attention(nn.Module):
    """Each part is a token; a token of its own asks them (attention fusion)."""

    def __init__(
        self, dims: Sequence[int], width: int, dropout: float, layers: int = 2, heads: int = 4
    ) -> None:
        super().__init__()
        self.project = nn.ModuleList(nn.Linear(dim, width) for dim in dims)
        self.kind = nn.Parameter(torch.randn(len(dims) + 1, width) * 0.02)
        self.mix = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 2 * width, dropout, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(layers)
        )
        self.up = nn.Linear(width, sum(dims))

    def forward(self, parts: Sequence[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        """Return a correction (n, sum of dims)."""
        n = len(present)
        tokens = [self.kind[0].expand(n, -1)]
        tokens += [
            layer(x) + self.kind[i + 1]
            for i, (layer, x) in enumerate(zip(self.project, parts, strict=True))
        ]
        hidden = torch.stack(tokens, dim=1)
        # The asking token is always there. Added to the scores: masks of bool take another path.
        gone = torch.zeros(n, len(tokens), device=hidden.device, dtype=hidden.dtype)
        gone[:, 1:] = gone[:, 1:].masked_fill(present == 0, -torch.inf)
        for layer in self.mix:
            hidden = layer(hidden, src_key_padding_mask=gone)
        return self.up(hidden[:, 0])


KINDS: dict[str, type[nn.Module]] = {"late": Lanes, "gated": Gates, "attention": Attention}


class SideBySide(Backbone):
    """Encoders side by side, each asked for the rows that have its part.

    Parameters
    ----------
    encoders : mapping of str to Backbone
    slots : sequence of dict
        Of each part: ``name``, ``shape`` of its input, ``ids`` (whole numbers), ``ragged`` (rows
        end before the last number), ``scaled`` (features are standardised within each row),
        ``fresh`` (the encoder starts at random).
    """

    def __init__(
        self, encoders: Mapping[str, Backbone], slots: Sequence[Mapping[str, Any]]
    ) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict(encoders)
        self.slots = [dict(slot) for slot in slots]
        self.dims = [encoders[str(slot["name"])].dim for slot in slots]

    def encoded(self, x: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Return each part's features (n, dim), and which are there, (n, parts) of 0 and 1.

        Every part has the same total variance; what is missing is 0.
        """
        k = len(self.slots)
        present = x[:, :k]
        parts = []
        start = k
        for number, slot in enumerate(self.slots):
            end = start + math.prod(slot["shape"])
            parts.append(self._part(x[:, start:end], present[:, number] > 0, number))
            start = end
        return parts, present

    def _part(self, flat: torch.Tensor, there: torch.Tensor, number: int) -> torch.Tensor:
        slot, dim = self.slots[number], self.dims[number]
        encoder = self.encoders[str(slot["name"])]
        rows = there.nonzero()[:, 0]
        out = flat.new_zeros(len(flat), dim)
        if not len(rows):
            # Every parameter has a gradient in every step, if only of 0.
            return out + 0 * sum(p.sum() for p in encoder.parameters()) if self.training else out
        own = flat if len(rows) == len(flat) else flat[rows]
        features = encoder(_input(own, slot))
        if slot["scaled"]:
            features = functional.layer_norm(features.float(), (dim,))
        features = features.to(out.dtype) * math.sqrt(sum(self.dims) / (len(self.dims) * dim))
        return features if len(rows) == len(flat) else out.index_copy(0, rows, features)

    def encoder_stages(self) -> list[tuple[str, list[nn.Module]]]:
        """Return the stages of all encoders."""
        return [
            (f"{name}.{stage}", modules)
            for name, encoder in self.encoders.items()
            for stage, modules in encoder.stages()  # type: ignore[operator]
        ]

    def fresh_encoders(self) -> list[nn.Module]:
        """Return the encoders that start at random."""
        return [self.encoders[str(slot["name"])] for slot in self.slots if slot["fresh"]]


class FusionBackbone(SideBySide):
    """Encoders side by side, and a correction by what joins them, which starts at nothing.

    Parameters
    ----------
    encoders, slots
        As of `SideBySide`.
    fusion : {"late", "gated", "attention"}
    width : int
        Of the hidden layer.
    dropout : float

    Notes
    -----
    Input: encoded rows of `MultimodalPreprocessing`. Output float32 (n, sum of the encoders' dims):
    each part's features, every part with the same total variance, 0 where a part is missing, plus
    the correction. The correction's last layer starts at 0: at θ₀ the features are those of the
    encoders alone.
    """

    def __init__(
        self,
        encoders: Mapping[str, Backbone],
        slots: Sequence[Mapping[str, Any]],
        fusion: Fusion,
        width: int,
        dropout: float,
    ) -> None:
        super().__init__(encoders, slots)
        dims = self.dims
        self.dim = sum(dims)
        self.fusion = KINDS[fusion](dims, width, dropout)
        for layer in self._last_layers():
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def _last_layers(self) -> list[Any]:
        last: Any = self.fusion.up
        return list(last) if isinstance(last, nn.ModuleList) else [last]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts, present = self.encoded(x)
        return torch.cat(parts, dim=1) + self.fusion(parts, present)

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        return [*self.encoder_stages(), ("fusion", [self.fusion])]

    def fresh(self) -> list[nn.Module]:
        """Return what joins the parts, and encoders that start at random."""
        return [*self.fresh_encoders(), self.fusion]


def _input(flat: torch.Tensor, slot: Mapping[str, Any]) -> torch.Tensor:
    """Return a part's own network input from its laid-flat numbers."""
    if slot["ids"]:
        flat = flat.round().long()
    if slot["ragged"]:
        nothing = flat == NOTHING if slot["ids"] else flat.isnan()
        found = (~nothing).any(0).nonzero()
        flat = flat[:, : int(found.max()) + 1 if len(found) else 1]
        return flat
    x = flat.reshape(len(flat), *slot["shape"])
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x
