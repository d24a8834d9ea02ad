"""Tasks of the choice: pairs of domains as frozen features, real ones and versions of them.

`FAMILIES` has every pair of domains; `versions` makes of a pair what also happens: other class
shares, missing classes, few rows. `SETTLED` are the families that the rule of choice was settled
on, all others judge it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

import data
from feature_tasks import FAMILIES as FIRST
from feature_tasks import Task
from landbridge.base.seeds import numpy_rng

Side = tuple[np.ndarray, np.ndarray]
MOST = 1_000
"""Rows of a side, at most."""


def encoded(examples: Any, backbone: str, **options: Any) -> np.ndarray:
    """Return frozen features of what `read_domain` reads, in its order."""
    from landbridge.backbones.open import open_backbone
    from landbridge.backbones.store import FeatureStore
    from landbridge.domains.hint import input_hint
    from landbridge.domains.read import read_domain

    domain = examples if hasattr(examples, "examples") else read_domain(examples)
    opened = open_backbone(backbone, input_hint([domain]), options=options, offline=True)
    inputs = opened.preprocessing.prepare(domain.examples)
    return np.asarray(FeatureStore().features(opened, inputs, domain.examples.fingerprint()))


def some(x: Sequence[Any], y: np.ndarray, most: int, *seed: Any) -> tuple[Any, np.ndarray]:
    """Return at most so many rows, drawn with the seed."""
    rows = np.sort(numpy_rng(*seed).permutation(len(y))[:most])
    own = x[rows] if isinstance(x, np.ndarray) else [x[i] for i in rows]
    return own, y[rows]


def pairs(family: str, sides: Callable[[str], Side], names: Sequence[str]) -> list[Any]:
    """Return every ordered pair of sides."""

    def make(a: str, b: str) -> Task:
        (xs, ys), (xt, yt) = sides(a), sides(b)
        return Task(family, f"{a}→{b}", xs, ys, xt, xt, yt)

    return [lambda a=a, b=b: make(a, b) for a, b in itertools.permutations(names, 2)]


@cache
def efficient(name: str) -> Side:
    """Return the photographs' features by EfficientNet-Lite0, and labels."""
    from landbridge.domains.read import read_domain

    domain = read_domain(data.root() / "office_caltech10" / name)
    x = encoded(domain, "efficientnet_lite0")
    return x, np.array([domain.classes[i] for i in domain.labels])


@cache
def goods(name: str) -> Side:
    """Return 1,000 reviews by MiniLM."""
    from text import amazon

    texts, labels = some(*amazon(name), MOST, "goods", name)
    return encoded((texts, labels.tolist()), "minilm", length=128), labels


@cache
def site(name: str) -> Side:
    """Return English sentiment of a site by MiniLM."""
    import pandas as pd

    from text import uci

    if name in ("imdb", "rt"):
        frame = pd.read_parquet(data.root() / "imdb_rt" / "reviews.parquet")
        own = frame[(frame["source"] == "imdb") == (name == "imdb")]
        texts, labels = own["text"].tolist(), own["label"].astype(str).to_numpy()
    elif name == "sst":
        lines = (data.root() / "sst" / "stsa.binary.train").read_text("utf-8").splitlines()
        texts, labels = [line[2:] for line in lines], np.array([line[0] for line in lines])
    else:
        texts, labels = uci(name)
    texts, labels = some(texts, labels, MOST, "site", name)
    return encoded((texts, labels.tolist()), "minilm", length=128), labels


@cache
def chinese(name: str) -> Side:
    """Return Chinese sentiment as hashed characters and their pairs, 300 components."""
    return _chinese()[name]


@cache
def _chinese() -> dict[str, Side]:
    import pandas as pd
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    found = {}
    for name, file, text in (
        ("delivery", "waimai_10k.csv", "review"),
        ("hotels", "ChnSentiCorp_htl_all.csv", "review"),
        ("shopping", "online_shopping_10_cats.zip", "review"),
    ):
        frame = pd.read_csv(data.root() / "chinese_sentiment" / file).dropna()
        if name == "shopping":
            frame = frame[frame["cat"] != "酒店"]
        found[name] = some(
            frame[text].astype(str).tolist(),
            frame["label"].astype(str).to_numpy(),
            MOST,
            "zh",
            name,
        )
    words = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), max_features=20_000, min_df=2)
    counts = words.fit_transform([text for texts, _ in found.values() for text in texts])
    x = TruncatedSVD(300, random_state=0).fit_transform(counts).astype(np.float32)
    starts = np.cumsum([0, *(len(y) for _, y in found.values())])
    return {
        name: (x[a:b], y)
        for (name, (_, y)), a, b in zip(found.items(), starts[:-1], starts[1:], strict=True)
    }


SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")


@cache
def _spoken() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from sound import digits

    domain = digits()
    x = encoded(domain, "speech_embedding")
    labels = np.array([domain.classes[i] for i in domain.labels])
    paths = [str(name) for name in domain.examples.names()]
    speaker = np.array([next(s for s in SPEAKERS if s in path) for path in paths])
    return x, labels, speaker


def speaker(name: str) -> Side:
    """Return a speaker's digits by the speech embedding."""
    x, y, who = _spoken()
    return x[who == name], y[who == name]


def left_out() -> list[Any]:
    """Six: five speakers teach, one asks."""

    def make(name: str) -> Task:
        x, y, who = _spoken()
        own = who == name
        return Task("speakers left out", name, x[~own], y[~own], x[own], x[own], y[own])

    return [lambda s=s: make(s) for s in SPEAKERS]


CORRUPTIONS = ("noise", "blur", "contrast", "dark", "blocks", "grey")


def corrupted(images: np.ndarray, how: str, *seed: Any) -> np.ndarray:
    """Return uint8 images after a harmless corruption of middling strength."""
    from scipy.ndimage import gaussian_filter

    x = images.astype(np.float32)
    if how == "noise":
        x = x + numpy_rng("noise", *seed).normal(0, 25, x.shape)
    elif how == "blur":
        x = gaussian_filter(x, (0, 1.2, 1.2, 0))
    elif how == "contrast":
        x = 110 + 0.25 * (x - 110)
    elif how == "dark":
        x = 0.25 * x
    elif how == "blocks":
        x = np.repeat(np.repeat(x[:, ::3, ::3], 3, 1), 3, 2)[:, :32, :32]
    else:
        x = np.repeat(x.mean(3, keepdims=True), 3, 3)
    return np.clip(np.round(x), 0, 255).astype(np.uint8)


@cache
def cifar(how: str) -> Side:
    """Return 1,000 training images as they are ("clean"), or 800 others corrupted."""
    images, labels = data.cifar10("train")
    rows = slice(0, 1000) if how == "clean" else slice(1000, 1800)
    x = images[rows] if how == "clean" else corrupted(images[rows], how)
    return encoded((x, labels[rows].tolist()), "mobilenet_v2"), labels[rows]


def cifar_tasks() -> list[Any]:
    """Six: clean images teach, corrupted ones ask."""

    def make(how: str) -> Task:
        (xs, ys), (xt, yt) = cifar("clean"), cifar(how)
        return Task("corrupted CIFAR", how, xs, ys, xt, xt, yt)

    return [lambda h=h: make(h) for h in CORRUPTIONS]


@cache
def pixels(name: str) -> Side:
    """Return 1,000 digits of MNIST or USPS as 256 grey values, or MNIST's other way round."""
    from PIL import Image

    if name == "usps":
        images, labels = data.usps("train")
    else:
        images, labels = data.mnist("train")
    images, labels = some(images, labels, MOST, "pixels", name)
    small = [np.asarray(Image.fromarray(image).resize((16, 16))) for image in images]
    x = np.stack(small).reshape(len(labels), -1).astype(np.float32) / 255
    return (1 - x if name == "mnist inverted" else x), labels


def title_tasks() -> list[Any]:
    """Two: short titles of news and long ones, in ten classes, as hashed characters."""

    def make(short_first: bool) -> Task:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        lines = (data.root() / "thucnews" / "dev.txt").read_text("utf-8").splitlines()
        pairs = [line.rsplit("\t", 1) for line in lines if "\t" in line]
        titles, labels = some(
            [title for title, _ in pairs], np.array([label for _, label in pairs]), 3000, "news"
        )
        words = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=2)
        x = TruncatedSVD(300, random_state=0).fit_transform(words.fit_transform(titles))
        length = np.array([len(title) for title in titles])
        source = (length < np.median(length)) == short_first
        x = x.astype(np.float32)
        name = "short→long" if short_first else "long→short"
        return Task(
            "news titles", name, x[source], labels[source], x[~source], x[~source], labels[~source]
        )

    return [lambda first=first: make(first) for first in (True, False)]


SEGMENTS = {
    "breast cancer": ("load_breast_cancer", "mean texture"),
    "wine": ("load_wine", "alcohol"),
}


def segment_tasks() -> list[Any]:
    """Four: tables of scikit-learn cut in two by a column that is then left out."""

    def make(name: str, low_first: bool) -> Task:
        from sklearn import datasets

        loader, column = SEGMENTS[name]
        found = getattr(datasets, loader)()
        place = list(found.feature_names).index(column)
        by = found.data[:, place]
        x = np.delete(found.data, place, 1).astype(np.float32)
        low = by < np.median(by) if low_first else by >= np.median(by)
        y = found.target.astype(int)
        arrow = "low→high" if low_first else "high→low"
        return Task("segments", f"{name} {arrow}", x[low], y[low], x[~low], x[~low], y[~low])

    names = ("breast cancer", "wine")
    return [lambda n=n, f=f: make(n, f) for n in names for f in (True, False)]


FAMILIES: dict[str, Callable[[], list[Callable[[], Task]]]] = {
    **FIRST,
    "photographs, EfficientNet": lambda: pairs(
        "photographs, EfficientNet", efficient, ("caltech10", "amazon", "webcam", "dslr")
    ),
    "reviews, MiniLM": lambda: pairs(
        "reviews, MiniLM", goods, ("books", "dvd", "electronics", "kitchen")
    ),
    "sentiment": lambda: pairs("sentiment", site, ("imdb", "rt", "sst", "amazon", "yelp")),
    "Chinese sentiment": lambda: pairs(
        "Chinese sentiment", chinese, ("delivery", "hotels", "shopping")
    ),
    "speakers left out": left_out,
    "speaker to speaker": lambda: pairs("speaker to speaker", speaker, SPEAKERS[:4]),
    "corrupted CIFAR": cifar_tasks,
    "segments": segment_tasks,
    "digits, pixels": lambda: pairs("digits, pixels", pixels, ("mnist", "usps", "mnist inverted")),
    "news titles": title_tasks,
}

SETTLED = ("surf", "reviews", "heart", "digits and objects", "Chinese sentiment", "corrupted CIFAR")
"""Families whose figures settled the rule."""
SEEN = (
    *("photographs", "photographs, EfficientNet", "reviews, MiniLM", "sentiment", "segments"),
    *("speakers left out", "speaker to speaker"),
)
"""Families that nothing was settled on, whose figures were seen meanwhile. The rest was not."""

VERSIONS = ("shares", "fewer classes", "few target rows", "few source rows")


def version(task: Task, how: str) -> Task:
    """Return the task with other class shares, fewer classes in the target, or fewer rows."""
    rng = numpy_rng("version", task.family, task.name, how)
    classes, place = np.unique(task.yj, return_inverse=True)
    keep = np.ones(len(task.yj), bool)
    source = np.ones(len(task.ys), bool)
    if how == "shares":
        wish = rng.permutation(np.geomspace(1, 0.1, len(classes)))
        counts = np.bincount(place)
        most = (wish * (counts / wish).min() * 2).clip(max=counts).clip(min=2)
        keep[:] = False
        for k, n in enumerate(most.astype(int)):
            keep[rng.permutation(np.flatnonzero(place == k))[:n]] = True
    elif how == "fewer classes":
        gone = rng.permutation(len(classes))[: len(classes) // 2]
        keep = ~np.isin(place, gone)
    elif how == "few target rows":
        keep[:] = False
        keep[rng.permutation(len(keep))[: max(30, 3 * len(classes))]] = True
    else:
        source[:] = False
        for label in np.unique(task.ys):
            source[rng.permutation(np.flatnonzero(task.ys == label))[:8]] = True
    return replace(
        task,
        name=f"{task.name}, {how}",
        xs=task.xs[source],
        ys=task.ys[source],
        xt=task.xj[keep],
        xj=task.xj[keep],
        yj=task.yj[keep],
    )


def all_tasks(families: Sequence[str] | None = None) -> Iterator[Callable[[], Task]]:
    """Yield every pair, and for every second pair one of its versions."""
    for family in families or FAMILIES:
        for i, make in enumerate(FAMILIES[family]()):
            yield make
            how = VERSIONS[i // 2 % len(VERSIONS)]
            if i % 2 == 0:
                yield lambda make=make, how=how: version(make(), how)


def slug(task: Task) -> str:
    """Return a file's name for a task."""
    return re.sub(r"\W+", "-", f"{task.family} {task.name}").strip("-")
