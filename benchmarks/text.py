"""Texts across sites: sentiment in English and Chinese, titles of news.

    LANDBRIDGE_DATA=... python benchmarks/text.py [amazon] [amazon-few] [english] [chinese] [news]

English goes through MiniLM at 128 tokens, frozen, heads trained on stored features, as runs do
where moving the backbone would take more than the budget. Chinese is learned from nothing by
`textnet`: MiniLM knows no Chinese. News has no source: titles with 5, 20 and 100 labels a class.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

import data
from adaptation import few, table, unlabelled
from grid import Job, truth_of
from landbridge.base.seeds import numpy_rng
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels

MINILM = {"backbone": "minilm", "backbone_options": {"length": 128}}
TEXTNET = {"backbone": "textnet"}
UNLABELLED = (
    *("source-only", "probe", "coral", "dann", "mcc", "infomax", "infomax+consistency"),
    *("shot", "aad", "self-training"),
)
FEW = ("source-only", "probe", "head-only", "joint", "joint+mcc", "joint+infomax")
MOVED = (
    *("source-only", "deep-coral", "dann", "mcc", "infomax", "infomax+consistency", "flexmatch"),
    *("shot", "aad"),
)
NEWS = ("finetune", "scratch", "probe", "head-only", "head2toe")
SHOTS = 10
Texts = tuple[list[str], np.ndarray]


@cache
def amazon(name: str) -> Texts:
    """Return 2,000 reviews of a kind of goods, and "good" or "bad"."""
    texts, labels = [], []
    for part, label in (("positive", "good"), ("negative", "bad")):
        path = data.root() / "amazon_reviews" / name / f"{part}.parsed"
        found = path.read_text("utf-8", errors="replace")
        reviews = re.findall(r"<review>(.*?)</review>", found, re.DOTALL)
        texts += [" ".join(review.split()) for review in reviews]
        labels += [label] * len(reviews)
    return texts, np.array(labels)


GOODS = ("books", "dvd", "electronics", "kitchen")


def amazon_jobs(shots: int = 0) -> Iterator[Job]:
    """Yield the twelve pairs, without target labels or with some a class."""
    for one, other in itertools.permutations(GOODS, 2):
        yield _english(f"{one} → {other}", amazon(one), amazon(other), shots)


def english_jobs() -> Iterator[Job]:
    """Yield IMDB → Rotten Tomatoes, and the pairs of the UCI's three sites."""
    import pandas as pd

    frame = pd.read_parquet(data.root() / "imdb_rt" / "reviews.parquet")
    sides = {
        name: (part["text"].tolist(), part["label"].astype(str).to_numpy())
        for name, part in frame.groupby("source")
    }
    films = next(name for name in sides if name != "imdb")
    yield _english("IMDB → Rotten Tomatoes", sides["imdb"], sides[films], 0)
    for one, other in itertools.permutations(("amazon", "imdb", "yelp"), 2):
        yield _english(f"UCI, {one} → {other}", uci(one), uci(other), 0)


@cache
def uci(name: str) -> Texts:
    """Return 1,000 sentences of a site, and "0" or "1"."""
    path = data.root() / "uci_sentences" / f"uci_sentences_{name}.json"
    rows = [row for row in json.loads(path.read_text("utf-8")) if row and row["text"]]
    return [row["text"] for row in rows], np.array([str(row["class"]) for row in rows])


def chinese_jobs() -> Iterator[Job]:
    """Yield food delivery ↔ hotels."""
    import pandas as pd

    sides: dict[str, Texts] = {}
    for name, file in (("delivery", "waimai_10k.csv"), ("hotels", "ChnSentiCorp_htl_all.csv")):
        frame = pd.read_csv(data.root() / "chinese_sentiment" / file).dropna()
        sides[name] = frame["review"].tolist(), frame["label"].astype(str).to_numpy()
    for one, other in itertools.permutations(sides, 2):
        yield unlabelled(f"{one} → {other}", _domain(sides[one]), _domain(sides[other]), **TEXTNET)


def news_jobs() -> Iterator[Job]:
    """Yield titles in ten classes with 5, 20 and 100 labels a class; 10,000 others judge."""
    sides = {part: _titles(part) for part in ("dev", "test")}
    texts = sides["dev"][0] + sides["test"][0]
    labels = np.concatenate([sides["dev"][1], sides["test"][1]])
    split = ["train"] * len(sides["dev"][0]) + ["test"] * len(sides["test"][0])
    for shots in (5, 20, 100):
        whole = read_domain((texts, labels), split=split, name="target")
        rng, keep = numpy_rng("news", shots), np.zeros(len(whole), bool)
        for value in np.unique(whole.labels):
            rows = np.flatnonzero((whole.labels == value) & ~whole.held_out)
            keep[rng.choice(rows, shots, replace=False)] = True
        sealed = keep_labels(whole, keep)
        judged = sealed.test_mask & whole.held_out
        assert judged.any()
        name = f"news, {shots} a class"
        yield Job(name, None, sealed, truth_of(whole, sealed), TEXTNET, reference="finetune")


def _titles(part: str) -> Texts:
    lines = (data.root() / "thucnews" / f"{part}.txt").read_text("utf-8").splitlines()
    pairs = [line.rsplit("\t", 1) for line in lines if "\t" in line]
    return [title for title, _ in pairs], np.array([f"class {label}" for _, label in pairs])


def _english(name: str, source: Texts, target: Texts, shots: int) -> Job:
    sides = _domain(source), _domain(target)
    if shots:
        job = few(f"{name}, {shots} a class", *sides, shots, **MINILM)
    else:
        job = unlabelled(name, *sides, **MINILM)
    return replace(job, frozen=True)


def _domain(side: Texts) -> Any:
    return read_domain((side[0], side[1].tolist()))


SETS = {
    "amazon": ("Amazon reviews, MiniLM, no target label", amazon_jobs, UNLABELLED),
    "amazon-few": (
        f"Amazon reviews, MiniLM, {SHOTS} target labels a class",
        lambda: amazon_jobs(SHOTS),
        FEW,
    ),
    "english": (
        "English sentiment across sites, MiniLM, no target label",
        english_jobs,
        UNLABELLED,
    ),
    "chinese": ("Chinese sentiment across sites, textnet, no target label", chinese_jobs, MOVED),
    "news": ("Chinese news titles in ten classes, textnet, by labels a class", news_jobs, NEWS),
}


def main(wanted: Sequence[str]) -> None:
    """Run what is asked for."""
    for name in wanted:
        title, jobs, methods = SETS[name]
        table(f"text_{name.replace('-', '_')}", title, list(jobs()), methods)


if __name__ == "__main__":
    main(sys.argv[1:] or list(SETS))
