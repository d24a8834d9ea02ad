"""Several sources, one target: weights by source against plain pooling, a ridge head on features.

    LANDBRIDGE_DATA=... python benchmarks/source_weights.py

Each domain of a family is the target once, without labels, and all others are its sources.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from feature_tasks import hospital, reviews, surf
from gate_data import OFFICE, PAIRS, Side, _spoken
from harness import ran_on, write_result
from landbridge.features import Probe, SourceWeights
from text import GOODS

WORDS = 200
"""Principal axes of the counts of words."""


def of_pairs(family: str) -> dict[str, Side]:
    """Return the domains of a family of `gate_data`, whose pairs are of all of them."""
    return {name.split(" → ")[0]: source for name, source, _ in PAIRS[family]()}


def of_surf() -> dict[str, Side]:
    """Return Office-Caltech10 as histograms of SURF words."""
    return {name: surf({"caltech10": "Caltech10"}.get(name, name)) for name in OFFICE}


def of_speakers() -> dict[str, Side]:
    """Return spoken digits by speaker, through Google's speech embedding."""
    x, y, speakers = _spoken()
    return {str(name): (x[speakers == name], y[speakers == name]) for name in np.unique(speakers)}


def of_counts() -> dict[str, Side]:
    """Return Amazon reviews, log counts along principal axes of all four."""
    from sklearn.utils.extmath import randomized_svd

    sides = {name: reviews(name, "train") for name in GOODS}
    every = np.concatenate([x for x, _ in sides.values()])
    mean = every.mean(0)
    basis = randomized_svd(every - mean, WORDS, n_iter=2, random_state=0)[2].T
    return {name: (((x - mean) @ basis).astype(np.float32), y) for name, (x, y) in sides.items()}


def of_hospitals() -> dict[str, Side]:
    """Return patients of four hospitals, columns encoded together."""
    from landbridge.domains.modalities.tabular import TablePreprocessing
    from landbridge.domains.read import read_domain

    names = ("cleveland", "hungarian", "switzerland", "va")
    with tempfile.TemporaryDirectory() as folder:
        found = {n: read_domain(hospital(n, Path(folder)), label="num", name=n) for n in names}
    encoding = TablePreprocessing.fit([domain.examples for domain in found.values()])
    return {
        name: (np.asarray(encoding.prepare(d.examples)), np.array(d.classes)[d.labels])
        for name, d in found.items()
    }


FAMILIES: dict[str, Callable[[], dict[str, Side]]] = {
    "photographs": lambda: of_pairs("photographs"),
    "SURF": of_surf,
    "spoken digits": of_speakers,
    "reviews, counts": of_counts,
    "reviews, MiniLM": lambda: of_pairs("reviews, MiniLM"),
    "hospitals": of_hospitals,
}


def rows(sides: dict[str, Side]) -> Iterator[dict[str, Any]]:
    """Yield one row for each target."""
    for target, (xt, yt) in sides.items():
        others = [sides[name] for name in sides if name != target]
        x = np.concatenate([*(one for one, _ in others), xt]).astype(np.float32)
        y = np.concatenate([*(labels for _, labels in others), yt]).astype(str)
        numbers = [*range(1, len(others) + 1), -1]
        domain = np.repeat(numbers, [*(len(labels) for _, labels in others), len(yt)])
        labelled = domain > 0
        row: dict[str, Any] = {"target": target}
        for name, method in (("pooled", Probe()), ("source-weights", SourceWeights())):
            start = time.process_time()
            method.fit(x, y, sample_domain=domain, labelled=labelled)
            row[f"{name}, CPU-s"] = round(time.process_time() - start, 2)
            row[name] = round(float((method.predict(xt) == yt.astype(str)).mean()), 4)
        yield row


def main() -> None:
    """Measure and write ``results/source_weights.json``."""
    import torch

    torch.set_num_threads(1)
    found = {}
    for family, make in FAMILIES.items():
        found[family] = list(rows(make()))
        means = [
            round(100 * statistics.fmean(row[name] for row in found[family]), 1)
            for name in ("pooled", "source-weights")
        ]
        print(family, means, found[family], flush=True)
    title = "Several sources, one target: weights by source against pooling"
    result = {"name": "source_weights", "kind": "source weights", "title": title}
    write_result("source_weights", result | {"families": found, **ran_on()})


if __name__ == "__main__":
    main()
