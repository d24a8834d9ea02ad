"""Pretraining without labels: scans with few labels, tables with few labels, two domains.

    LANDBRIDGE_DATA=... python benchmarks/pretraining.py [digits] [tables]

`digits`: USPS's training rows with 5 and 20 labels a class, judged on its test rows, without and
with MNIST as an unlabelled source; and MNIST → USPS with all of MNIST's labels and none of USPS's.
`tables`: heart disease in Cleveland, with 20 labelled patients and with half of them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import data
from adaptation import table, unlabelled
from feature_tasks import hospital
from grid import Job, truth_of
from landbridge.base.seeds import numpy_rng
from landbridge.domains.domain import Domain
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import seal

MNIST_ROWS = 10_000


def _few(rows: Any, labels: np.ndarray, test: np.ndarray, shots: int) -> tuple[Domain, Domain]:
    """Return all rows with all labels, and with so many a class to learn from; tests judge."""
    rng, keep = numpy_rng("pretraining", shots), test.copy()
    for value in np.unique(labels):
        of_class = np.flatnonzero((labels == value) & ~test)
        keep[rng.choice(of_class, shots, replace=False)] = True
    split = np.where(test, "test", "train").tolist()
    whole = read_domain((rows, labels), split=split, name="target")
    return whole, seal(
        read_domain((rows, labels), split=split, labelled=keep, name="target"), "use"
    )


def digit_jobs() -> Iterator[Job]:
    """Yield USPS with few labels, alone and beside MNIST without labels."""
    train, test = data.usps("train"), data.usps("test")
    x, y = (np.concatenate([a, b]) for a, b in zip(train, test, strict=True))
    judges = np.arange(len(y)) >= len(train[0])
    other = read_domain(data.mnist("train")[0][:MNIST_ROWS], name="MNIST")
    for shots in (5, 20):
        whole, sealed = _few(x, y, judges, shots)
        truth = truth_of(whole, sealed)
        name = f"USPS, {shots} a class"
        yield Job(name, None, sealed, truth, reference="scratch")
        yield Job(f"{name}, MNIST beside", other, sealed, truth, reference="scratch")


def pair_jobs() -> Iterator[Job]:
    """Yield the pairs with a labelled source, where rows of both domains are pretrained on."""
    for pair in ("USPS_vs_MNIST", "MNIST_vs_USPS"):
        xs, ys, xt, yt = data.jda_pair(pair)
        yield unlabelled(pair.replace("_vs_", " → "), (xs, ys), (xt, yt))


def table_jobs() -> Iterator[Job]:
    """Yield patients of one hospital, a few with a diagnosis, the others without."""
    import pandas as pd

    with tempfile.TemporaryDirectory() as folder:
        frame = pd.read_csv(hospital("cleveland", Path(folder)))
    labels = frame.pop("num").astype(str).to_numpy()
    judges = numpy_rng("pretraining", "heart").random(len(frame)) < 0.4
    for backbone in ("mlp", "ft_transformer"):
        for shots in (10, 50):
            whole, sealed = _few(frame, labels, judges, shots)
            name, how = f"heart, {backbone}, {shots} a class", {"backbone": backbone}
            yield Job(name, None, sealed, truth_of(whole, sealed), how, reference="scratch")


def main(wanted: Sequence[str]) -> None:
    """Run what is asked for."""
    if "digits" in wanted:
        title = "Digits, few labels, the rest without: pretraining, and nothing of the kind"
        table("pretraining_digits", title, list(digit_jobs()), ("scratch", "pretrain"))
        title = "JDA pairs, no target label: pretraining on rows of both domains"
        table("pretraining_pairs", title, list(pair_jobs()), ("source-only", "pretrain"))
    if "tables" in wanted:
        title = "Heart disease in Cleveland, few labels: pretraining on the other patients"
        methods = ("scratch", "boosted-trees", "pretrain")
        table("pretraining_tables", title, list(table_jobs()), methods)


if __name__ == "__main__":
    main(sys.argv[1:] or ["digits", "tables"])
