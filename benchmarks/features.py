"""Every feature method at its default, and the label-free choice among them, on 52 tasks.

    LANDBRIDGE_DATA=... python benchmarks/features.py [method ...]

Fits are kept under $LANDBRIDGE_CACHE (or a temporary folder), so that a second call goes on where
the first one stopped; with names only these methods are fitted again.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from feature_tasks import FAMILIES, Task
from harness import ran_on, write_result

REFERENCE = "probe"
"""Source only: the ridge head, strength by leave-one-out, on the source's features as they are."""


def methods() -> list[str]:
    """Return the methods on features that need no target label and answer classes."""
    from landbridge.methods.core.base import METHODS
    from landbridge.methods.core.feature import FeatureMethod

    return [
        name
        for name, kind in METHODS.items()
        if issubclass(kind, FeatureMethod)
        and kind.needs.target_types == "multiclass"
        and kind.needs.target != "labelled"
    ]


def fit(task: Task, name: str, folder: Path) -> dict[str, Any]:
    """Fit one method, or return what an earlier call found."""
    from landbridge.base.errors import LandbridgeError, LandbridgeWarning
    from landbridge.methods.core.base import METHODS

    file = folder / f"{task.family}-{task.name}-{name}.npz".replace(" ", "_").replace("→", "-")
    if file.exists():
        with np.load(file) as found:
            return {key: found[key] for key in found.files}
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LandbridgeWarning)
        try:
            model = METHODS.get(name)().fit(task.xs, task.ys, task.xt)
            seen, judged = model.predict_proba(task.xt), model.predict_proba(task.xj)
            row = {"seen": seen.astype(np.float32), "judged": judged.astype(np.float32)}
        except LandbridgeError as error:
            row = {"failed": np.array(str(error))}
    row["cpu_s"] = np.array(time.process_time() - start)
    np.savez(file, **row)
    return row


def run_task(place: tuple[str, int], folder: Path) -> tuple[str, str, dict[str, Any]]:
    """Fit everything on one task and choose; return what goes to the table."""
    import torch

    torch.set_num_threads(1)
    family, index = place
    task = FAMILIES[family]()[index]()
    rows = {name: fit(task, name, folder) for name in methods()}
    classes = np.unique(task.ys)
    figures = {
        name: {
            "accuracy": float((classes[row["judged"].argmax(1)] == task.yj).mean()),
            "cpu_s": round(float(row["cpu_s"]), 2),
        }
        for name, row in rows.items()
        if "judged" in row
    }
    chosen = choose(task, {n: r for n, r in rows.items() if n in figures})
    found = {
        "methods": figures,
        "auto": {"method": chosen["method"], **figures[chosen["method"]]},
        "reason": chosen["reason"],
        "failed": {n: str(r["failed"]) for n, r in rows.items() if "failed" in r},
    }
    return family, task.name, found


def choose(task: Task, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Choose as `landbridge transfer` does: from answers on unlabelled target rows."""
    from choice import auto

    logits = {
        name: np.log(np.maximum(row["seen"], 1e-30)) for name, row in rows.items() if "seen" in row
    }
    labels = np.unique(task.ys, return_inverse=True)[1]
    method, reason = auto(task, labels, logits)
    return {"method": method, "reason": reason}


def places() -> Iterator[tuple[str, int]]:
    """Yield every task by family and number."""
    for family, make in FAMILIES.items():
        yield from ((family, i) for i in range(len(make())))


def main() -> None:
    """Run all tasks, one process each, and write ``results/features.json``."""
    cache = os.environ.get("LANDBRIDGE_CACHE")
    folder = Path(cache or tempfile.mkdtemp()) / "benchmark-features"
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:]:
        for file in folder.glob(f"*-{name}.npz"):
            file.unlink()
    tasks: dict[str, dict[str, Any]] = {family: {} for family in FAMILIES}
    with ProcessPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        for family, name, found in pool.map(run_task, places(), repeat(folder)):
            tasks[family][name] = found
            print(family, name, found["auto"], flush=True)
    write_result(
        "features",
        {
            "name": "features",
            "kind": "features",
            "title": "Methods on features: 52 tasks, each method at its default",
            "reference": REFERENCE,
            "tasks": tasks,
            **ran_on(),
        },
    )


if __name__ == "__main__":
    main()
