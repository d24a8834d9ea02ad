"""A small net on hashed words: any language, quick, and hard to beat with many labels."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ..base.evenly import evenly
from ..base.typed import Options
from ..domains.examples import Examples, InputSpec
from ..domains.modalities.base import Preprocessing
from ..domains.modalities.hashed import HashedPreprocessing
from ..domains.modalities.ids import NOTHING, texts_of
from .base import BACKBONES, Backbone
from .small import SmallNet

_LOOKED_AT = 20_000
"""Texts that say how common each gram is."""


class TextNet(Backbone):
    """Embeddings of grams, averaged by how telling each gram is, and a layer on top.

    Parameters
    ----------
    buckets : int
        Rows of the embedding.
    width : int
        Of an embedding, and of the features.
    rarity : str
        How telling each gram is, as `packed` gives it; "" weighs all alike.
    dropout : float
        Of the averaged embedding, while training.

    Notes
    -----
    Input int64 (n, grams), `NOTHING` where there is none; output float32 (n, width). Grams are
    weighed by smoothed inverse document frequency (the buffer `rarity`), and the sum is divided
    by the norm of the weights, so that at the random start it is a random projection of the
    text's tf-idf row of length 1.
    """

    rarity: torch.Tensor

    def __init__(self, buckets: int, width: int, dropout: float = 0.1, rarity: str = "") -> None:
        super().__init__()
        self.dim = width
        self.embedding = nn.Embedding(buckets, width)
        nn.init.normal_(self.embedding.weight)
        self.register_buffer("rarity", unpacked(rarity) if rarity else torch.ones(buckets))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.layer = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        there = x != NOTHING
        ids = x.clamp(min=0)
        weights = self.rarity[ids] * there
        weights = weights / weights.square().sum(1, keepdim=True).clamp(min=1e-12).sqrt()
        mean = torch.einsum("nl,nld->nd", weights, self.embedding(ids))
        h = self.norm(mean)
        return h + torch.relu(self.layer(self.dropout(h)))

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        return [("embedding", [self.embedding]), ("layer", [self.norm, self.layer])]


@BACKBONES.register("textnet")
class TextNetProvider(SmallNet):
    """A small net that starts at random.

    Options: ``buckets`` (32768), ``width`` (96), ``dropout`` (0.1), ``rarity`` (from the texts),
    ``seed``.

    Examples
    --------
    >>> opened = open_backbone("textnet", hint, [texts], seed=0)   # doctest: +SKIP
    """

    summary = "hashed words and word pairs, any language, random start"
    modalities = ("text",)
    own_for = ("text",)
    net = TextNet

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Any text, where nothing pretrained is at hand."""
        return 0, "hashed words, since no pretrained network for such texts is here"

    def fitted(
        self, hint: InputSpec, examples: Sequence[Examples], given: Mapping[str, Any]
    ) -> tuple[Preprocessing, Options]:
        buckets = given.get("buckets", 1 << 15)
        preprocessing = HashedPreprocessing.fit(
            examples, buckets=buckets, column=column_of(examples)
        )
        return preprocessing, {
            "buckets": buckets,
            "width": 96,
            "dropout": 0.1,
            "rarity": packed(_rarity(preprocessing, examples)),
        }


def column_of(examples: Sequence[Examples]) -> str:
    """Return the column of a table that texts were read from, "" where there was none."""
    return next((c for e in examples if (c := str(getattr(e, "column", "")))), "")


_STEP = 0.05
_BUCKETS = 2**24
"""Of a net at most."""


def packed(rarity: np.ndarray) -> str:
    """Return rarities in steps of 0.05 as plain text.

    Examples
    --------
    >>> unpacked(packed(np.array([1.0, 2.52]))).tolist()
    [1.0, 2.5]
    """
    steps = np.clip(np.rint(rarity / _STEP), 0, 255).astype(np.uint8)
    return base64.b64encode(zlib.compress(steps.tobytes(), 9)).decode("ascii")


def unpacked(text: str) -> torch.Tensor:
    """Undo `packed`, up to the step."""
    # Bounded: a few bytes can be packed that unpack to gigabytes.
    raw = zlib.decompressobj().decompress(base64.b64decode(text), _BUCKETS)
    steps = np.frombuffer(raw, np.uint8)
    return torch.from_numpy(np.round(steps * _STEP, 2)).float()


def _rarity(preprocessing: HashedPreprocessing, examples: Sequence[Examples]) -> np.ndarray:
    """Return log((1 + n) / (1 + how many texts have the gram)) + 1 for each bucket."""
    counts, n = np.zeros(preprocessing.buckets), 0
    for part in examples:
        rows = evenly(len(part), _LOOKED_AT)
        stored = preprocessing.prepare(part.select(rows))
        counts += np.bincount(stored[stored != NOTHING], minlength=preprocessing.buckets)
        n += len(texts_of(part.select(rows)))
    return np.log((1 + n) / (1 + counts)) + 1
