"""An image: regions of like colour, hidden by the image's own median colour."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from ..records import Drawn, Picture
from ..regions import names_of, places
from ..superpixels import cells, superpixels
from .base import UNITS, VIEWS, Rows, RowView, float_input


@VIEWS.register("image")
class ImageView(RowView):
    """Units are superpixels; a hidden one has the median colour of the image."""

    regions: ClassVar[bool] = True
    hidden: ClassVar[str] = "have the image's median colour"

    def __init__(self, rows: Rows, row: int) -> None:
        super().__init__(rows, row)
        self.x = float_input(rows, row)
        self.blank = self.x.flatten(1).median(1)[0][:, None, None]
        picture = rows.preprocessing.picture(rows.stored[row])
        assert picture is not None
        self.picture = picture
        self.labels = superpixels(picture, UNITS - 1)
        self.keys = places(self.labels)
        self.names = names_of(self.labels, picture)

    def inputs(self, mask: torch.Tensor) -> torch.Tensor:
        return self.blank + mask[:, None] * (self.x - self.blank)

    def folded(self, own: np.ndarray) -> np.ndarray:
        return own.sum(0)

    def by_key(self, scores: np.ndarray, detail: np.ndarray | None = None) -> dict[str, float]:
        """Return what speaks for the answer by nine places of the image."""
        heat = self._heat(scores) if detail is None else detail
        height, width = self.labels.shape
        ninths = cells(height, width, 9)
        found = np.bincount(ninths.ravel(), heat.ravel(), minlength=9)
        return dict(zip(places(ninths), found.tolist(), strict=True))

    def _heat(self, scores: np.ndarray) -> np.ndarray:
        return np.asarray(scores[self.labels] / np.bincount(self.labels.ravel())[self.labels])

    def nudged(self, rng: np.random.Generator) -> ImageView:
        """Add noise of two hundredths of the image's spread."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        noise = torch.from_numpy(rng.normal(0, 0.02, tuple(self.x.shape)).astype(np.float32))
        other.x = self.x + noise * self.x.std()
        return other

    def drawn(self, scores: np.ndarray, detail: np.ndarray | None = None) -> list[Drawn]:
        heat = scores[self.labels] if detail is None else smooth(detail)
        return [Picture(self.picture, scaled(heat), "what speaks for (orange) and against (blue)")]


def smooth(detail: np.ndarray) -> np.ndarray:
    """Return a map whose single pixels are blurred into what an eye can follow."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(detail, max(0.5, 0.02 * max(detail.shape))))


def scaled(heat: np.ndarray) -> np.ndarray:
    """Return a map of at most 1 in size; the strongest hundredth is 1."""
    most = float(np.quantile(np.abs(heat), 0.99)) or float(np.abs(heat).max())
    return np.clip(heat / most, -1, 1) if most > 0 else np.zeros_like(heat)
