"""Domains as frozen features, by family, for `gates.py`: two real domains of one task each."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import data
from feature_tasks import heart_tasks, photographs, reviews, surf
from landbridge.base.seeds import numpy_rng
from landbridge.domains.read import read_domain
from text import GOODS, amazon, uci

Side = tuple[np.ndarray, np.ndarray]
Pair = tuple[str, Side, Side]
ROWS = 2000
"""Rows of a domain, at most."""
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
TEXTS = 1000
"""The same, where each row is a text for a transformer."""
CORRUPTIONS = ("gaussian-noise", "defocus-blur")
OFFICE = ("caltech10", "amazon", "webcam", "dslr")


def kept(name: str, compute: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return arrays kept under $LANDBRIDGE_CACHE (or a temporary folder), or computed now."""
    folder = Path(os.environ.get("LANDBRIDGE_CACHE") or tempfile.gettempdir()) / "benchmark-gates"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.npz"
    if not file.exists():
        np.savez(file, **compute())  # type: ignore[arg-type]
    with np.load(file) as found:
        return {key: found[key] for key in found.files}


def side(name: str, compute: Callable[[], Side]) -> Side:
    """Return one domain's features and labels, kept."""

    def both() -> dict[str, np.ndarray]:
        x, y = compute()
        return {"x": np.asarray(x, np.float32), "y": np.asarray(y).astype(str)}

    found = kept(name, both)
    return found["x"], found["y"]


def frozen(backbone: str, domain: Any, **options: Any) -> np.ndarray:
    """Return the features of a frozen backbone."""
    from landbridge.backbones.open import open_backbone
    from landbridge.backbones.store import FeatureStore
    from landbridge.domains.hint import input_hint

    opened = open_backbone(backbone, input_hint([domain]), options=options, offline=True)
    inputs = opened.preprocessing.prepare(domain.examples)
    return FeatureStore().features(opened, inputs, domain.examples.fingerprint())


def some(x: Any, y: np.ndarray, name: str, most: int = ROWS) -> tuple[Any, np.ndarray]:
    """Draw at most so many rows."""
    rows = np.sort(numpy_rng("gates", name).permutation(len(y))[:most])
    return (x[rows] if isinstance(x, np.ndarray) else [x[i] for i in rows]), y[rows]


def ordered(names: Sequence[str], make: Callable[[str], Side]) -> Iterator[Pair]:
    """Yield every ordered pair."""
    for one, other in itertools.permutations(names, 2):
        yield f"{one} → {other}", make(one), make(other)


def of_photographs() -> Iterator[Pair]:
    """Office-Caltech10, frozen MobileNetV2."""
    return ordered(OFFICE, lambda n: side(f"photographs-{n}", lambda: photographs(n)))


def of_surf() -> Iterator[Pair]:
    """Office-Caltech10, histograms of SURF words."""
    return ordered(("Caltech10", "amazon", "webcam", "dslr"), surf)


@cache
def _digits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    from PIL import Image

    images, labels = some(*data.mnist("train"), "mnist")
    small = [Image.fromarray(i).resize((16, 16), Image.Resampling.BILINEAR) for i in images]
    return {
        "MNIST": (np.stack([np.asarray(i) for i in small]), labels),
        "USPS": some(*data.usps("train"), "usps"),
    }


def of_pixels() -> Iterator[Pair]:
    """MNIST and USPS, 16 × 16 pixels."""

    def make(name: str) -> Side:
        images, labels = _digits()[name]
        return images.reshape(len(images), -1).astype(np.float32) / 255, labels

    return ordered(("MNIST", "USPS"), make)


def of_net() -> Iterator[Pair]:
    """MNIST and USPS through a small net that learned from the source's rows, as runs have it."""
    for one, other in itertools.permutations(("MNIST", "USPS"), 2):
        sides = [
            side(f"learned-{one}-{name}", lambda o=one, n=name: _by_net(o, n))
            for name in (one, other)
        ]
        yield f"{one} → {other}", sides[0], sides[1]


def _by_net(learned: str, name: str) -> Side:
    """Return features by a net that the first half of `learned` taught: of that, or of another."""
    import torch

    def stacked(which: str) -> torch.Tensor:
        return torch.from_numpy(_digits()[which][0].astype(np.float32) / 255)[:, None]

    torch.manual_seed(0)
    body = torch.nn.Sequential(
        *(torch.nn.Conv2d(1, 32, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2)),
        *(torch.nn.Conv2d(32, 64, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2)),
        *(torch.nn.Flatten(), torch.nn.Linear(64 * 16, 128), torch.nn.ReLU()),
    )
    head = torch.nn.Linear(128, 10)
    x, y = stacked(learned), torch.from_numpy(_digits()[learned][1].astype(np.int64))
    half = ROWS // 2
    parameters = [*body.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=1e-3)
    draws = torch.Generator().manual_seed(0)
    for _ in range(400):
        rows = torch.randint(half, (64,), generator=draws)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(head(body(x[rows])), y[rows]).backward()
        optimiser.step()
    with torch.inference_mode():
        features = body(stacked(name)).numpy()
    rows = slice(half) if name == learned else slice(half, None)
    return features[rows], _digits()[name][1][rows]


def of_counts() -> Iterator[Pair]:
    """Amazon reviews, log counts of 5,000 words along 400 principal axes of both sides."""
    from feature_tasks import review_tasks

    for task in (make() for make in review_tasks()):
        name = {n[0].upper(): n for n in GOODS}[task.name[-1]]
        _, labels = reviews(name, "train")
        yield task.name, (task.xs, task.ys), (task.xt, labels)


def of_reviews() -> Iterator[Pair]:
    """Amazon reviews, frozen MiniLM."""
    return ordered(
        GOODS, lambda n: side(f"reviews-{n}", lambda: _english(some(*amazon(n), n, TEXTS)))
    )


def of_sentences() -> Iterator[Pair]:
    """English sentences of three sites, and long and short reviews of films; frozen MiniLM."""
    sites = ("amazon", "imdb", "yelp")
    yield from ordered(sites, lambda n: side(f"sentences-{n}", lambda: _english(uci(n))))
    yield from ordered(("imdb", "tomatoes"), lambda n: side(f"films-{n}", lambda: _films(n)))


def _english(texts: tuple[list[str], np.ndarray]) -> Side:
    chosen, labels = texts
    return frozen("minilm", read_domain((chosen, labels.tolist())), length=128), labels


def _films(name: str) -> Side:
    import pandas as pd

    frame = pd.read_parquet(data.root() / "imdb_rt" / "reviews.parquet")
    own = frame[(frame["source"] == "imdb") == (name == "imdb")]
    return _english(some(own["text"].tolist(), own["label"].astype(str).to_numpy(), name, TEXTS))


def of_chinese() -> Iterator[Pair]:
    """Hotels, food delivery and shopping: log counts of characters and pairs of them."""
    sides = _chinese()
    return ordered(("hotels", "delivery", "books", "fruit"), lambda n: sides[n])


@cache
def _chinese() -> dict[str, Side]:
    import pandas as pd

    root = data.root() / "chinese_sentiment"
    frames = {
        "hotels": pd.read_csv(root / "ChnSentiCorp_htl_all.csv").dropna(),
        "delivery": pd.read_csv(root / "waimai_10k.csv").dropna(),
    }
    shops = pd.read_csv(root / "online_shopping_10_cats.zip").dropna()
    frames |= {"books": shops[shops["cat"] == "书籍"], "fruit": shops[shops["cat"] == "水果"]}
    texts, labels = {}, {}
    for name, frame in frames.items():
        texts[name], labels[name] = some(
            frame["review"].tolist(), frame["label"].astype(str).to_numpy(), name
        )

    def compute() -> dict[str, np.ndarray]:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        counts = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 2), min_df=3, sublinear_tf=True
        ).fit_transform([text for name in texts for text in texts[name]])
        axes = TruncatedSVD(300, random_state=0).fit_transform(counts)
        ends = np.cumsum([len(labels[name]) for name in labels])[:-1]
        return dict(zip(labels, np.split(axes.astype(np.float32), ends), strict=True))

    found = kept("chinese", compute)
    return {name: (found[name], labels[name]) for name in labels}


def of_speakers() -> Iterator[Pair]:
    """Spoken digits, one speaker and all others; Google's speech embedding, frozen."""
    x, y, speakers = _spoken()
    for name in SPEAKERS:
        own = speakers == name
        yield f"others → {name}", (x[~own], y[~own]), (x[own], y[own])


@cache
def _spoken() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    folder = data.root() / "spoken_digits"
    domain = read_domain(folder, pattern="{label}_{speaker}_{take}", domain="speaker")

    def compute() -> dict[str, np.ndarray]:
        return {"x": frozen("speech_embedding", domain)}

    labels = np.array([domain.classes[i] for i in domain.labels])
    assert domain.groups is not None
    return kept("spoken", compute)["x"], labels, np.asarray(domain.groups)


def of_hospitals() -> Iterator[Pair]:
    """Ill or well in four hospitals, columns as the library encodes them."""
    for task in (make() for make in heart_tasks()):
        yield task.name, (task.xs, task.ys), (task.xt, task.yj)


def of_corruptions() -> Iterator[Pair]:
    """CIFAR-10 at 96 pixels, clean → corrupted; frozen MobileNetV2."""
    clean = side("cifar-clean", lambda: _corrupted("", 0))
    for kind in CORRUPTIONS:
        for severity in (2, 4):
            name = f"{kind} {severity}"
            yield (
                f"clean → {name}",
                clean,
                side(f"cifar-{kind}-{severity}", lambda k=kind, s=severity: _corrupted(k, s)),
            )


def _corrupted(kind: str, severity: int) -> Side:
    from PIL import Image

    from landbridge.domains.modalities.corruptions import corrupt

    images, labels = data.cifar10("test" if kind else "train")
    images, labels = images[:ROWS], labels[:ROWS]
    if kind:
        images = corrupt(images, kind, severity)
    large = np.stack([np.asarray(Image.fromarray(i).resize((96, 96))) for i in images])
    domain = read_domain((large, labels))
    return frozen("mobilenet_v2", domain), labels


PAIRS: dict[str, Callable[[], Iterator[Pair]]] = {
    "photographs": of_photographs,
    "SURF": of_surf,
    "digits, pixels": of_pixels,
    "digits, small net": of_net,
    "reviews, counts": of_counts,
    "reviews, MiniLM": of_reviews,
    "sentences, MiniLM": of_sentences,
    "Chinese reviews": of_chinese,
    "spoken digits": of_speakers,
    "hospitals": of_hospitals,
    "corruptions": of_corruptions,
}
