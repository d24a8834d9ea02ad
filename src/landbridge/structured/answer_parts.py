"""Parts of an answer that can be explained: a word's tag, a box, a class's region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from ..backbones.base import Backbone
from ..backbones.surgery import Network
from ..explanation.records import Drawn, Picture, Words
from ..explanation.regions import names_of, places
from ..explanation.superpixels import cells, superpixels
from ..explanation.views.base import UNITS, RowView
from ..explanation.views.image import scaled, smooth


@dataclass(frozen=True)
class AnswerPart:
    """One part of an answer.

    Attributes
    ----------
    what : str
        Which part of the row, for a person.
    answer, truth : str
        The latter "" where it is not known.
    probability : float
    view : RowView
        The row as units that can be hidden.
    weights : ndarray
        The score that is explained is the sum of all logits of the row with these weights.
    """

    what: str
    answer: str
    truth: str
    probability: float
    view: RowView
    weights: np.ndarray

    @property
    def right(self) -> bool | None:
        """Whether it is right; None where that is not known."""
        return self.answer == self.truth if self.truth else None


class Logits(Backbone):
    """All logits of a model of transformers as one vector a row."""

    dim = 1

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (m, all)."""
        found: torch.Tensor = self.model(x).logits.flatten(1)
        return found

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        """Return none: only whole answers are looked at."""
        return []


def network_of(model: Any) -> Network:
    """Return a model of transformers in the form in which models are explained."""
    found = Network(Logits(model), 1)
    found.head = nn.Identity()
    return found.eval().requires_grad_(False)


def against_others(shape: tuple[int, ...], axis: int, answer: int, where: Any) -> np.ndarray:
    """Return the weights of an answer's logit over the mean of the others, at a place.

    Parameters
    ----------
    shape : tuple of int
        Of a row's logits.
    axis : int
        That of classes.
    answer : int
    where : float ndarray or index
        Of the other axes: how much each place counts.

    Examples
    --------
    >>> (against_others((2, 3), 1, 0, np.array([0.0, 1.0])) + 0.0).tolist()  # no -0.0
    [0.0, 0.0, 0.0, 1.0, -0.5, -0.5]
    """
    n = shape[axis]
    classes = np.full(n, -1 / max(1, n - 1))
    classes[answer] = 1.0
    return np.moveaxis(np.multiply.outer(classes, np.asarray(where, float)), 0, axis).ravel()


class PiecesView(RowView):
    """Words that were given apart; a hidden one is a token that stands for any word."""

    gradients: ClassVar[bool] = False
    hidden: ClassVar[str] = "are a token that stands for nothing"

    def __init__(self, ids: Sequence[int], of_word: np.ndarray, words: Sequence[str], blank: int):
        self.ids, self.blank, self.labels = torch.tensor(ids), blank, of_word
        self.said = list(words)
        self.names, self.keys = tuple(words), tuple(word.casefold() for word in words)

    def inputs(self, mask: torch.Tensor) -> torch.Tensor:
        return torch.where(mask > 0.5, self.ids, self.blank)

    def drawn(self, scores: np.ndarray, detail: np.ndarray | None = None) -> list[Drawn]:
        most = float(np.abs(scores).max(initial=0)) or 1.0
        pieces: list[tuple[str, float | None]] = []
        for word, score in zip(self.said, scores.tolist(), strict=True):
            pieces += [(word, score / most), (" ", None)]
        return [Words(pieces[:-1])]


class SceneView(RowView):
    """Regions of like colour of an image, hidden by its median colour.

    Parameters
    ----------
    pixels : float32 ndarray, shape (3, h, w)
        As the model takes them.
    picture : uint8 ndarray, shape (h, w, 3)
        What is shown.
    shown : uint8 ndarray, shape (h, w, 3)
        The same with the part of the answer marked in it.
    """

    regions: ClassVar[bool] = True
    hidden: ClassVar[str] = "have the image's median colour"

    def __init__(self, pixels: np.ndarray, picture: np.ndarray, shown: np.ndarray) -> None:
        self.x, self.picture, self.shown = torch.from_numpy(pixels), picture, shown
        self.blank = self.x.flatten(1).median(1)[0][:, None, None]
        self.labels = superpixels(picture, UNITS - 1)
        self.keys, self.names = places(self.labels), names_of(self.labels, picture)

    def inputs(self, mask: torch.Tensor) -> torch.Tensor:
        return self.blank + mask[:, None] * (self.x - self.blank)

    def nudged(self, rng: np.random.Generator) -> SceneView:
        """Add noise of two hundredths of the image's spread."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        noise = torch.from_numpy(rng.normal(0, 0.02, tuple(self.x.shape)).astype(np.float32))
        other.x = self.x + noise * self.x.std()
        return other

    def by_key(self, scores: np.ndarray, detail: np.ndarray | None = None) -> dict[str, float]:
        """Return what speaks for the answer by nine places of the image."""
        heat = detail
        if heat is None:
            heat = scores[self.labels] / np.bincount(self.labels.ravel())[self.labels]
        height, width = self.labels.shape
        ninths = cells(height, width, 9)
        found = np.bincount(ninths.ravel(), heat.ravel(), minlength=9)
        return dict(zip(places(ninths), found.tolist(), strict=True))

    def drawn(self, scores: np.ndarray, detail: np.ndarray | None = None) -> list[Drawn]:
        heat = scores[self.labels] if detail is None else smooth(detail)
        return [Picture(self.shown, scaled(heat), "what speaks for (orange) and against (blue)")]
