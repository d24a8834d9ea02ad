"""A transformer for tables: every column is a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from ..base.errors import BackboneError
from ..base.typed import Options
from ..domains.examples import Examples, InputSpec
from ..domains.modalities.base import Preprocessing
from ..domains.modalities.tabular import TablePreprocessing
from .base import BACKBONES, Backbone
from .small import SmallNet


class Tokens(nn.Module):
    """One vector a column: a number times its direction, or a category's own, plus the column's.

    Parameters
    ----------
    widths : sequence of int
        How many encoded numbers each column has: 1, or more where it is one-hot or may be missing.
    dim : int
    """

    group: torch.Tensor

    def __init__(self, widths: Sequence[int], dim: int) -> None:
        super().__init__()
        bound = dim**-0.5
        self.weight = nn.Parameter(torch.empty(sum(widths), dim).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(len(widths), dim).uniform_(-bound, bound))
        self.whole = nn.Parameter(torch.empty(dim).uniform_(-bound, bound))
        group = torch.repeat_interleave(torch.arange(len(widths)), torch.tensor(list(widths)))
        self.register_buffer("group", group, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (n, 1 + columns, dim): what stands for the whole row is first."""
        own = x.unsqueeze(-1) * self.weight
        tokens = self.bias.to(own.dtype).repeat(len(x), 1, 1).index_add(1, self.group, own)
        return torch.cat([self.whole.to(own.dtype).expand(len(x), 1, -1), tokens], 1)


class Block(nn.Module):
    """Attention between columns, then two layers a token, each on top of what was there.

    Parameters
    ----------
    dim, heads : int
    dropout : float
    first : bool
        The first block attends to the tokens as they are: a norm there harms (Gorishniy et al.).
    """

    def __init__(self, dim: int, heads: int, dropout: float, first: bool) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.before: nn.Module = nn.Identity() if first else nn.LayerNorm(dim)
        self.inward, self.outward = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.between = nn.LayerNorm(dim)
        hidden = dim * 4 // 3
        self.up, self.down = nn.Linear(dim, 2 * hidden), nn.Linear(hidden, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, tokens, dim = x.shape
        parts = self.inward(self.before(x)).view(n, tokens, 3, self.heads, dim // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        drop = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(q, k, v, dropout_p=drop)
        x = x + self.outward(mixed.transpose(1, 2).reshape(n, tokens, dim))
        value, gate = self.up(self.between(x)).chunk(2, -1)
        return x + self.down(F.dropout(value * F.relu(gate), self.dropout, self.training))


class FTTransformer(Backbone):
    """Columns as tokens, a few blocks, and what the first token has gathered.

    Parameters
    ----------
    widths : sequence of int
        How many encoded numbers each column has.
    dim : int
        Of a token, and of the features; a multiple of `heads`.
    depth, heads : int
    dropout : float

    Notes
    -----
    Input float32 (n, sum of widths), output float32 (n, dim).

    References
    ----------
    Gorishniy et al., 2021, NeurIPS, Revisiting Deep Learning Models for Tabular Data.
    """

    def __init__(
        self,
        widths: Sequence[int],
        dim: int = 64,
        depth: int = 3,
        heads: int = 8,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if dim % heads:
            raise BackboneError(
                f"ft_transformer: {heads} heads do not divide dim = {dim}",
                hint="make dim a multiple of heads",
            )
        self.dim = dim
        self.tokens = Tokens(widths, dim)
        self.blocks = nn.ModuleList(Block(dim, heads, dropout, i == 0) for i in range(depth))
        self.top = nn.LayerNorm(dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.tokens(x)
        for block in self.blocks:
            x = block(x)
        return F.relu(self.top(x[:, 0]))

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        blocks: list[tuple[str, list[nn.Module]]] = [
            (f"blocks.{i}", [block]) for i, block in enumerate(self.blocks)
        ]
        return [("tokens", [self.tokens]), *blocks, ("top", [self.top])]


@BACKBONES.register("ft_transformer")
class FTTransformerProvider(SmallNet):
    """A transformer over a table's columns that starts at random.

    Options: ``widths`` (found from the columns), ``dim`` (64), ``depth`` (3), ``heads`` (8),
    ``dropout`` (0.1), ``seed``. `pretrain` teaches it from rows without labels.

    Examples
    --------
    >>> opened = open_backbone("ft_transformer", hint, [rows])  # doctest: +SKIP
    """

    summary = "transformer over a table's columns (FT-Transformer), random start"
    modalities = ("tabular",)
    net = FTTransformer

    def fitted(
        self, hint: InputSpec, examples: Sequence[Examples], given: Mapping[str, Any]
    ) -> tuple[Preprocessing, Options]:
        preprocessing = TablePreprocessing.fit(list(examples))
        return preprocessing, {
            "widths": [column.width for column in preprocessing.columns],
            "dim": 64,
            "depth": 3,
            "heads": 8,
            "dropout": 0.1,
        }
