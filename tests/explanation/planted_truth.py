"""Rows of each modality with a planted truth, and networks made to rest on it alone."""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import nn

from landbridge.backbones.base import Backbone
from landbridge.backbones.identity import Flat
from landbridge.backbones.surgery import Network
from landbridge.domains.modalities.hashed import HashedPreprocessing
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.multimodal import MultimodalExamples
from landbridge.domains.modalities.packed import MultimodalPreprocessing
from landbridge.domains.modalities.recordings import AudioExamples
from landbridge.domains.modalities.sound import AudioPreprocessing
from landbridge.domains.modalities.table import TableExamples
from landbridge.domains.modalities.tabular import TablePreprocessing
from landbridge.domains.modalities.texts import TextExamples
from landbridge.explanation.explain import Explaining
from landbridge.explanation.views.base import Rows
from landbridge.targets.codec import TargetCodec
from landbridge.targets.registry import multiclass

COEFFICIENTS = {"age": 3.0, "sex": -2.0, "chol": 1.0, "noise": 0.0}
WORD = "wonderful"
RATE, TONE = 8000, 1200.0


class Detector(Backbone):
    """One map of what is looked for, and its strongest place as the only feature."""

    def __init__(self, body):
        super().__init__()
        self.body, self.dim = body, 1

    def forward(self, x):
        return torch.relu(self.body(x)).flatten(1).amax(1, keepdim=True)

    def stages(self):
        return [("body", [self.body])]


class Counts(Backbone):
    """How often the planted word is there."""

    def __init__(self, bucket, buckets):
        super().__init__()
        self.dim = 1
        self.weight = nn.Parameter(torch.zeros(buckets))
        self.weight.data[bucket] = 1.0

    def forward(self, x):
        return (self.weight[x.clamp(min=0)] * (x >= 0)).sum(1, keepdim=True)

    def stages(self):
        return [("count", [self])]


class Tone(Backbone):
    """The loudness of one pitch over time, in the log, its loudest moment."""

    def __init__(self):
        super().__init__()
        time = torch.arange(512) / RATE * 2 * np.pi * TONE
        self.waves = nn.Conv1d(1, 2, 512, 128, bias=False)
        self.waves.weight.data = torch.stack([time.sin(), time.cos()])[:, None] / 512
        self.dim = 1

    def forward(self, x):
        loud = self.waves(x.nan_to_num()[:, None]).square().sum(1)
        return (1e4 * loud + 1).log().amax(1, keepdim=True)

    def stages(self):
        return [("waves", [self.waves])]


def network(backbone, weight):
    made = Network(backbone, 2).eval()
    made.head.weight.data = torch.tensor([weight, [-w for w in weight]])
    made.head.bias.data = torch.zeros(2)
    return made.requires_grad_(False)


def explaining(made, preprocessing, examples, seed=0):
    rows = Rows.of(preprocessing, examples)
    with torch.inference_mode():
        x = preprocessing.encode(torch.from_numpy(np.array(rows.stored)))
        outputs = made(x)[1].numpy()
    codec = TargetCodec(multiclass(), ("yes", "no"))
    return Explaining(made, rows, outputs, codec, 25, seed)


def table(n=40):
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(size=n) for name in COEFFICIENTS if name != "sex"}
    columns["sex"] = rng.choice(np.array(["f", "m"], object), n)
    examples = TableExamples({name: columns[name] for name in COEFFICIENTS})
    prep = TablePreprocessing.fit([examples])
    weight = [
        COEFFICIENTS[name] * (1 if i == prep.column_names().index(name) else 0)
        for i, name in enumerate(prep.column_names())
    ]
    made = explaining(network(Flat(prep.shape[0]), weight), prep, examples)
    x = made.rows.stored
    sign = np.where(made.outputs.argmax(1) == 0, 2.0, -2.0)
    parts = (x - x.mean(0)) * np.array(weight) * sign[:, None]
    truth = np.stack(
        [parts[:, np.array(prep.column_names()) == name].sum(1) for name in COEFFICIENTS], 1
    )
    return made, truth


def image(n=40, size=24):
    rng = np.random.default_rng(0)
    pixels = rng.integers(60, 120, (n, size, size), dtype=np.uint8)
    at = rng.integers(0, size - 5, (n, 2))
    for row, (a, b) in zip(pixels, at, strict=True):
        row[a : a + 5, b : b + 5] = 250
    prep = ImagePreprocessing(size, size, 1, mean=(0.35,), std=(0.1,))
    body = nn.Conv2d(1, 1, 7, padding=3)
    body.weight.data = torch.full_like(body.weight, -1 / 24)
    body.weight.data[..., 1:6, 1:6] = 1 / 25
    body.bias.data = torch.tensor([-1.0])
    made = explaining(network(Detector(body), [1.0]), prep, ImageExamples(pixels=pixels))
    marked = np.zeros(pixels.shape, bool)
    for mask, (a, b) in zip(marked, at, strict=True):
        mask[a : a + 5, b : b + 5] = True
    return made, marked


def texts(n=40, words="the film was long and the actor stood in a house by the river"):
    rng = np.random.default_rng(0)
    found = []
    for _ in range(n):
        own = list(rng.permutation(words.split()))
        own.insert(int(rng.integers(len(own))), WORD)
        found.append(" ".join(own) + ".")
    examples = TextExamples(found)
    prep = HashedPreprocessing.fit([examples])
    bucket = zlib.crc32(WORD.encode()) % prep.buckets
    return explaining(network(Counts(bucket, prep.buckets), [1.0]), prep, examples)


def sound(n=20):
    rng = np.random.default_rng(0)
    waves, starts = [], rng.integers(0, 5000, n)
    for start in starts:
        wave = rng.normal(0, 0.02, RATE)
        time = np.arange(1600) / RATE
        wave[start : start + 1600] += 0.4 * np.sin(2 * np.pi * TONE * time)
        waves.append(wave.astype(np.float32))
    prep = AudioPreprocessing(RATE, RATE)
    made = explaining(network(Tone(), [1.0]), prep, AudioExamples(waves_as_items(waves)))
    return made, starts


class TextOfBoth(Backbone):
    """How often the planted word is there; the table beside it counts for nothing."""

    def __init__(self, prep, counts):
        super().__init__()
        self.counts, self.dim = counts, 1
        self.place = list(prep.parts).index("text")
        self.slot = next(slot for slot in prep.slots if slot.name == "text")

    def forward(self, x):
        ids = x[:, self.slot.start : self.slot.end].round().long()
        return self.counts(ids) * x[:, self.place : self.place + 1]

    def stages(self):
        return [("counts", [self.counts])]


def mixture(n=6):
    rng = np.random.default_rng(0)
    table_part = TableExamples({"age": rng.normal(size=n), "size": rng.normal(size=n)})
    text_part = TextExamples([f"a {WORD} film number {i}" for i in range(n)])
    hashed = HashedPreprocessing.fit([text_part])
    prep = MultimodalPreprocessing(
        {"tabular": TablePreprocessing.fit([table_part]), "text": hashed}
    )
    counts = Counts(zlib.crc32(WORD.encode()) % hashed.buckets, hashed.buckets)
    examples = MultimodalExamples({"tabular": table_part, "text": text_part})
    return explaining(network(TextOfBoth(prep, counts), [1.0]), prep, examples)


def waves_as_items(waves):
    import io
    import wave as wav

    items = []
    for one in waves:
        file = io.BytesIO()
        with wav.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes((np.clip(one, -1, 1) * 32767).astype("<i2").tobytes())
        items.append(file.getvalue())
    return items


MADE = {
    "table": lambda: table()[0],
    "image": lambda: image()[0],
    "text": texts,
    "sound": lambda: sound()[0],
}
