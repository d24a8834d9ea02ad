"""Feature methods that want a few target labels: classes on SURF histograms, numbers on tables.

    LANDBRIDGE_DATA=... python benchmarks/few_features.py

Office-Caltech10, SURF: the twelve tasks with 3 target labels a class. Heart disease: a patient's
highest heart rate from the other columns that two hospitals share, 30 labels of the target.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

import data
from adaptation import few, table
from feature_tasks import surf
from grid import Job, truth_of
from landbridge.base.seeds import numpy_rng
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels

CLASSES = (
    *("probe", "source-only", "feature-augmentation", "source-prior", "tradaboost"),
    "weighted-joint",
)
NUMBERS = ("probe", "source-only", "feature-augmentation", "tradaboost-r2", "weighted-joint")
SHOTS, LABELS = 3, 30
HOSPITALS = ("cleveland", "hungarian", "va")
"""Switzerland has 123 rows, and cholesterol of none."""


def surf_jobs() -> Iterator[Job]:
    """Yield the twelve tasks with 3 target labels a class."""
    for one, other in itertools.permutations(("Caltech10", "amazon", "webcam", "dslr"), 2):
        (xs, ys), (xt, yt) = surf(one), surf(other)
        how = {"backbone": "identity"}
        job = few(f"SURF, {one} → {other}", _unit(xs, ys), _unit(xt, yt), SHOTS, **how)
        yield replace(job, reference="probe")


def _unit(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows on the sphere after a square root, as is usual for histograms."""
    return np.sqrt(x).astype(np.float32), y


def heart_jobs() -> Iterator[Job]:
    """Yield ordered pairs of three hospitals; the label is the highest heart rate."""
    rows = {name: _rates(name) for name in HOSPITALS}
    for one, other in itertools.permutations(HOSPITALS, 2):
        whole = read_domain(rows[other], name="target")
        kept = np.zeros(len(whole), bool)
        kept[numpy_rng("heart rate", one, other).choice(len(whole), LABELS, replace=False)] = True
        sealed = keep_labels(whole, kept)
        source = read_domain(rows[one], name="source")
        how = {"backbone": "identity"}
        name = f"heart rate, {one} → {other}"
        yield Job(name, source, sealed, truth_of(whole, sealed), how, reference="probe")


COLUMNS = {"age": 0, "sex": 1, "cp": 2, "trestbps": 3, "exang": 8, "oldpeak": 9, "num": 13}
RATE = 7


def _rates(name: str) -> tuple[np.ndarray, np.ndarray]:
    lines = (data.root() / "heart" / f"processed.{name}.data").read_text().split()
    cells = [[float("nan" if c == "?" else c) for c in line.split(",")] for line in lines]
    x = np.array(cells)
    whole = ~np.isnan(x[:, [RATE, *COLUMNS.values()]]).any(1)
    return x[whole][:, list(COLUMNS.values())].astype(np.float32), x[whole][:, RATE]


if __name__ == "__main__":
    title = f"Office-Caltech10, SURF histograms, {SHOTS} target labels a class"
    table("few_surf", title, list(surf_jobs()), CLASSES)
    title = f"Highest heart rate in three hospitals, {LABELS} target labels"
    table("few_heart_rate", title, list(heart_jobs()), NUMBERS)
