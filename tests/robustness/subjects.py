"""Models whose worst case is known, with rows of each modality."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from landbridge.domains.examples import Examples
from landbridge.domains.modalities.base import Preprocessing
from landbridge.domains.modalities.hashed import HashedPreprocessing
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.multimodal import MultimodalExamples
from landbridge.domains.modalities.packed import MultimodalPreprocessing
from landbridge.domains.modalities.recordings import AudioExamples
from landbridge.domains.modalities.sound import AudioPreprocessing
from landbridge.domains.modalities.sound_memory import wav_bytes
from landbridge.domains.modalities.table import TableExamples
from landbridge.domains.modalities.tabular import TablePreprocessing
from landbridge.domains.modalities.texts import TextExamples
from landbridge.robustness.base import Rows
from landbridge.robustness.subject import Subject
from landbridge.runs.model import Model

IMAGE = ImagePreprocessing(8, 8, 1, mean=(0.5,), std=(0.5,))
SOUND = AudioPreprocessing(rate=8000, samples=400)
WORDS = ["good", "food", "bad", "bar", "film", "firm", "plot", "slow", "fine", "find"]


class Linear(nn.Module):
    """Logits that are linear in the input as the network takes it; NaN counts as 0."""

    def __init__(self, width: int, classes: int, seed: int = 0, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.layer = nn.Linear(width, classes)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            self.layer.weight.normal_(generator=generator)
            self.layer.bias.zero_()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        flat = x.float().nan_to_num(0.0).flatten(1)
        wide = self.layer.in_features
        flat = nn.functional.pad(flat, (0, wide - flat.shape[1]))
        return flat, self.scale * self.layer(flat)


class Bags(nn.Module):
    """Logits of texts: a weight for each number that stands for a word, drawn from the number."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        there = (x >= 0).float()
        logits = torch.stack([(torch.sin(x.float() * k) * there).sum(1) for k in (1.3, 2.7)], 1)
        return logits, logits


def images(n: int = 6, seed: int = 0) -> ImageExamples:
    rng = np.random.default_rng(seed)
    return ImageExamples(pixels=rng.integers(90, 160, (n, 8, 8)).astype(np.uint8))


def sounds(n: int = 6, seed: int = 0) -> AudioExamples:
    rng = np.random.default_rng(seed)
    waves = [0.3 * np.sin(np.arange(300 + 10 * i) / 3) + 0.05 * rng.normal() for i in range(n)]
    return AudioExamples([wav_bytes((16000 * w).astype(np.int16), 8000, "wave") for w in waves])


def table(n: int = 30, seed: int = 0) -> TableExamples:
    rng = np.random.default_rng(seed)
    return TableExamples(
        {
            "age": rng.integers(20, 80, n).astype(float),
            "dose": rng.normal(size=n),
            "sex": rng.choice(["f", "m"], n).astype(object),
            "site": rng.choice(["a", "b", "c"], n).astype(object),
        }
    )


def texts(n: int = 8, seed: int = 0) -> TextExamples:
    rng = np.random.default_rng(seed)
    return TextExamples([" ".join(rng.choice(WORDS, 9)).capitalize() + "." for _ in range(n)])


def both(n: int = 6) -> MultimodalExamples:
    return MultimodalExamples({"image": images(n), "tabular": table(n)})


def sides(modality: str) -> tuple[Examples, Preprocessing]:
    """Return examples and what stores them."""
    if modality == "image":
        return images(), IMAGE
    if modality == "audio":
        return sounds(), SOUND
    if modality == "text":
        return texts(), HashedPreprocessing(length=64, buckets=512)
    if modality == "tabular":
        return table(), TablePreprocessing.fit([table()])
    parts = {"image": IMAGE, "tabular": TablePreprocessing.fit([table(6)])}
    return both(), MultimodalPreprocessing(parts)


def rows(modality: str, seed: int = 0) -> Rows:
    examples, preprocessing = sides(modality)
    return Rows(examples, preprocessing, np.arange(len(examples)) * 3 + 1, seed)


def subject(
    modality: str, classes: int = 2, scale: float = 1.0, fixed: tuple[str, ...] = ()
) -> Subject:
    """Return a model with rows that it all answers rightly."""
    own = rows(modality)
    width = int(np.prod(own.preprocessing.shape))
    network = Bags() if modality == "text" else Linear(width, classes, scale=scale)
    names = tuple("abcdefgh"[: 2 if modality == "text" else classes])
    model = Model(network, own.preprocessing, names)
    truth = model.logits_of(own.stored).argmax(1)
    return Subject("chosen", model, own, truth, fixed)
