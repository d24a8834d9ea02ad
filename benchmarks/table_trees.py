"""Trees and linear heads on tables whose target has no labels: which are worth a try?

    LANDBRIDGE_DATA=... python benchmarks/table_trees.py

Heart disease in four hospitals (all twelve pairs), and two of scikit-learn's tables cut in two at
the median of a column, in both directions: breast cancer by its mean texture, wine by its alcohol.
Methods read the encoded columns, as in runs with `--backbone identity`; figures are accuracies on
the target, three seeds.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from harness import ran_on, write_result
from heart import HOSPITALS, patients
from landbridge.domains.modalities.tabular import TablePreprocessing
from landbridge.methods.core.base import Features
from landbridge.methods.core.resolve import make_method

METHODS: dict[str, dict[str, Any]] = {
    "probe": {},
    "self-training": {},
    "label-shift-em": {},
    "boosted-trees": {},
    "forest": {},
    "forest, extra": {"extra": True},
    "weighted-trees": {},
    "weighted-trees, extra": {"trees": "forest"},
    "weighted-trees, rulsif, extra": {"trees": "forest", "weights": "rulsif"},
    "self-trained-trees": {},
    "self-trained-trees, extra": {"trees": "forest"},
}
SEEDS = 3


def tasks() -> Iterator[tuple[str, Any, Any]]:
    """Yield names, and inputs and labels of either side."""
    from sklearn.datasets import load_breast_cancer, load_wine

    for one, other in itertools.permutations(HOSPITALS, 2):
        sides = [patients(one), patients(other)]
        encoding = TablePreprocessing.fit([side.examples for side in sides])
        rows = [(encoding.prepare(side.examples), side.labels.astype(int)) for side in sides]
        yield f"heart: {one} → {other}", *rows
    for name, load, column in (
        ("breast cancer", load_breast_cancer, "mean texture"),
        ("wine", load_wine, "alcohol"),
    ):
        table = load(as_frame=True)
        x, y = table.data, table.target.to_numpy().astype(int)
        low = (x[column] < x[column].median()).to_numpy()
        z = ((x - x.mean()) / x.std()).to_numpy().astype(np.float32)
        for way, source in (("low → high", low), ("high → low", ~low)):
            yield f"{name}, {column}: {way}", (z[source], y[source]), (z[~source], y[~source])


def measure(source: Any, target: Any) -> dict[str, Any]:
    """Return accuracy by seed and CPU seconds of each method."""
    (xs, ys), (xt, yt) = source, target
    n_classes = int(max(ys.max(), yt.max())) + 1
    own = Features(xs, ys, np.ones(len(xs), bool), bounded="columns")
    other = Features(xt, np.zeros(len(xt), int), np.zeros(len(xt), bool), bounded="columns")
    found = {}
    for name, options in METHODS.items():
        method, begun = make_method(name.split(",")[0], options), time.process_time()
        right = []
        for seed in range(SEEDS):
            logits = method.fit_head(own, other, n_classes, seed).logits(xt)
            right.append(round(float((logits.argmax(1) == yt).mean()), 4))
        seconds = (time.process_time() - begun) / SEEDS
        found[name] = {"accuracy": right, "cpu_s": round(seconds, 2)}
    return found


def main() -> None:
    """Measure all tasks and keep what was found."""
    results: dict[str, Any] = {}
    for name, source, target in tasks():
        results[name] = {"rows": [len(source[0]), len(target[0])]}
        results[name] |= {"methods": measure(source, target)}
        own = results[name]["methods"]
        print(name, {m: round(100 * np.mean(r["accuracy"]), 1) for m, r in own.items()}, flush=True)
    for group in ("heart", "breast", "wine", ""):
        rows = [task["methods"] for name, task in results.items() if name.startswith(group)]
        means = {m: np.mean([np.mean(row[m]["accuracy"]) for row in rows]) for m in METHODS}
        print(group or "all", {m: round(100 * float(v), 1) for m, v in means.items()})
    title = "Trees on tables whose target has no labels"
    result = {"name": "table_trees", "kind": "table_trees", "title": title, "tasks": results}
    write_result("table_trees", result | ran_on())


if __name__ == "__main__":
    main()
