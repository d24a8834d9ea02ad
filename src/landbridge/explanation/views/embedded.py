"""A part that is stored as an encoder's features: the units of what is encoded."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from ...backbones.multimodal.embedded import EmbeddedPreprocessing
from ..records import Drawn
from .base import VIEWS, Rows, RowView


@VIEWS.register("embedded")
class EmbeddedView(RowView):
    """Words, regions or columns are hidden before the encoder, which is asked again."""

    gradients: ClassVar[bool] = False
    pass_s: ClassVar[float] = 5e-3
    hidden: ClassVar[str] = "are hidden before they are encoded"

    def __init__(self, rows: Rows, row: int) -> None:
        super().__init__(rows, row)
        assert isinstance(rows.preprocessing, EmbeddedPreprocessing)
        self.preprocessing = rows.preprocessing
        examples = rows.examples.select(np.array([row]))
        self.inner = Rows.of(self.preprocessing.inner, examples).view(0)
        self.names, self.keys = self.inner.names, self.inner.keys
        self.labels = np.arange(self.inner.n_units)

    def inputs(self, mask: torch.Tensor) -> torch.Tensor:
        return self.hide(mask.detach().numpy() > 0.5)

    def hide(self, kept: np.ndarray) -> torch.Tensor:
        features = self.preprocessing.encoder().module.eval()(self.inner.hide(kept))
        return self.preprocessing.encode(features.float())

    def drawn(self, scores: np.ndarray, detail: np.ndarray | None = None) -> list[Drawn]:
        return self.inner.drawn(scores)
