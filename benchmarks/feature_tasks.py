"""The 52 adaptation tasks on features that `features.py` compares methods on."""

from __future__ import annotations

import gzip
import itertools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from data import root


@dataclass(frozen=True)
class Task:
    """A labelled source and an unlabelled target.

    `xt` is what methods may see of the target, `xj` and `yj` what they are judged on: the same
    rows (the usual protocol) but for amazon_5000, which has a test set.
    """

    family: str
    name: str
    xs: np.ndarray
    ys: np.ndarray
    xt: np.ndarray
    xj: np.ndarray
    yj: np.ndarray


@cache
def surf(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return SURF histograms of Office-Caltech divided by their sum, (n, 800), and labels."""
    from scipy.io import loadmat

    found = loadmat(root() / "office_caltech10_surf" / f"{name}_SURF_L10.mat")
    x = found["fts"].astype(np.float64)
    return (x / x.sum(1, keepdims=True)).astype(np.float32), found["labels"].ravel().astype(int)


def surf_tasks() -> list[Callable[[], Task]]:
    """Twelve: every ordered pair of amazon, Caltech, dslr, webcam."""

    def make(a: str, b: str) -> Task:
        (xs, ys), (xt, yt) = surf(a), surf(b)
        return Task("surf", f"{a[0]}→{b[0]}".upper(), xs, ys, xt, xt, yt)

    names = ("Caltech10", "amazon", "webcam", "dslr")
    return [lambda a=a, b=b: make(a, b) for a, b in itertools.permutations(names, 2)]


@cache
def reviews(name: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return log(1 + counts) of 5000 words in rows of length 1, and labels."""
    from sklearn.datasets import load_svmlight_file

    with gzip.open(root() / "amazon_5000" / f"{name}_{part}.svmlight.gz") as file:
        counts, labels = load_svmlight_file(file, n_features=5000, zero_based=True)
    x = np.log1p(counts.toarray())
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12), (labels > 0).astype(int)


WORDS = 400
"""Principal components of the reviews of both sides: kernels of 5000 columns cost much more."""


def review_tasks() -> list[Callable[[], Task]]:
    """Twelve: books, dvd, electronics, kitchen; adapted on 2000, judged on the test set."""

    from sklearn.utils.extmath import randomized_svd

    def make(a: str, b: str) -> Task:
        (xs, ys), (xt, _) = reviews(a, "train"), reviews(b, "train")
        xj, yj = reviews(b, "test")
        both = np.concatenate([xs, xt])
        mean = both.mean(0)
        basis = randomized_svd(both - mean, WORDS, n_iter=4, random_state=0)[2].T
        rows = [((x - mean) @ basis).astype(np.float32) for x in (xs, xt, xj)]
        return Task("reviews", f"{a[0]}→{b[0]}".upper(), rows[0], ys, rows[1], rows[2], yj)

    names = ("books", "dvd", "electronics", "kitchen")
    return [lambda a=a, b=b: make(a, b) for a, b in itertools.permutations(names, 2)]


COLUMNS = (
    *("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg"),
    *("thalach", "exang", "oldpeak", "slope", "ca", "thal", "num"),
)
CATEGORIES = ("cp", "restecg", "slope", "thal")


def hospital(name: str, folder: Path) -> Path:
    """Write a hospital's rows as CSV with a header, categories as words, and return the path."""
    lines = (root() / "heart" / f"processed.{name}.data").read_text().split()
    rows = [",".join(COLUMNS)]
    for line in lines:
        cells = dict(zip(COLUMNS, line.split(","), strict=True))
        cells |= {key: "" for key, value in cells.items() if value == "?"}
        for key in CATEGORIES:
            cells[key] = cells[key] and f"c{float(cells[key]):g}"
        if cells["chol"] and float(cells["chol"]) == 0:  # not measured
            cells["chol"] = ""
        cells["num"] = "ill" if float(cells["num"]) > 0 else "well"
        rows.append(",".join(cells.values()))
    path = folder / f"{name}.csv"
    path.write_text("\n".join(rows))
    return path


def heart_tasks() -> list[Callable[[], Task]]:
    """Twelve: ill or well in four hospitals, read and encoded as the library does."""

    def make(a: str, b: str) -> Task:
        from landbridge.domains.modalities.tabular import TablePreprocessing
        from landbridge.domains.read import read_domain

        with tempfile.TemporaryDirectory() as folder:
            sides = [
                read_domain(hospital(name, Path(folder)), label="num", name=name) for name in (a, b)
            ]
        encoding = TablePreprocessing.fit([side.examples for side in sides])
        xs, xt = (np.asarray(encoding.prepare(side.examples)) for side in sides)
        ys, yt = (
            np.array([side.classes[i] == "ill" for i in side.labels]).astype(int) for side in sides
        )
        return Task("heart", f"{a[0]}→{b[0]}".upper(), xs, ys, xt, xt, yt)

    names = ("cleveland", "hungarian", "switzerland", "va")
    return [lambda a=a, b=b: make(a, b) for a, b in itertools.permutations(names, 2)]


def jda_tasks() -> list[Callable[[], Task]]:
    """Four: the pairs of the JDA paper, pixels."""

    def make(file: str, name: str) -> Task:
        from scipy.io import loadmat

        found = loadmat(root() / "jda_pairs" / f"{file}.mat")
        xs, xt = (found[key].T.astype(np.float32) for key in ("X_src", "X_tar"))
        ys, yt = (found[key].ravel().astype(int) for key in ("Y_src", "Y_tar"))
        return Task("digits and objects", name, xs, ys, xt, xt, yt)

    files = {
        "USPS_vs_MNIST": "U→M",
        "MNIST_vs_USPS": "M→U",
        "COIL_1": "COIL 1→2",
        "COIL_2": "COIL 2→1",
    }
    return [lambda f=f, n=n: make(f, n) for f, n in files.items()]


@cache
def photographs(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return frozen MobileNetV2 features of Office-Caltech10 photographs, (n, 1280), and labels."""
    from landbridge.backbones.open import open_backbone
    from landbridge.backbones.store import FeatureStore
    from landbridge.domains.hint import input_hint
    from landbridge.domains.read import read_domain

    domain = read_domain(root() / "office_caltech10" / name)
    opened = open_backbone("mobilenet_v2", input_hint([domain]), offline=True)
    inputs = opened.preprocessing.prepare(domain.examples)
    x = FeatureStore().features(opened, inputs, domain.examples.fingerprint())
    return np.asarray(x), np.array([domain.classes[i] for i in domain.labels])


def photograph_tasks() -> list[Callable[[], Task]]:
    """Twelve, not looked at while the choice was settled: pairs of photographs' domains."""

    def make(a: str, b: str) -> Task:
        (xs, ys), (xt, yt) = photographs(a), photographs(b)
        return Task("photographs", f"{a[0]}→{b[0]}".upper(), xs, ys, xt, xt, yt)

    names = ("caltech10", "amazon", "webcam", "dslr")
    return [lambda a=a, b=b: make(a, b) for a, b in itertools.permutations(names, 2)]


FAMILIES = {
    "surf": surf_tasks,
    "reviews": review_tasks,
    "heart": heart_tasks,
    "digits and objects": jda_tasks,
    "photographs": photograph_tasks,
}
