"""The choice without target labels, on many tasks: reference, auto, each fixed method, the best.

    LANDBRIDGE_DATA=... python benchmarks/choice.py [PART OF PARTS]

Frozen features, at most 600 rows a side, drawn once. auto is what `landbridge transfer` does on
such rows: the same conditions, gate and guard. Found figures are kept under $LANDBRIDGE_CACHE.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from choice_tasks import FAMILIES, SEEN, SETTLED, Task, all_tasks, slug
from harness import ran_on, write_result

ROWS = 600
REFERENCE = "probe"
FIXED = (
    *("consensus", "linear-infomax", "linear-mcc", "self-training", "meda", "easytl"),
    *("discriminant-em", "label-shift-em", "mean-matching", "coral", "coral:reg=30"),
)


def smaller(task: Task) -> Task:
    """Return the task with at most `ROWS` rows a side; adapted on what is judged."""
    from landbridge.base.seeds import numpy_rng

    rng = numpy_rng("choice", task.family, task.name)
    a = np.sort(rng.permutation(len(task.ys))[:ROWS])
    b = np.sort(rng.permutation(len(task.yj))[:ROWS])
    xs, xt = task.xs[a].astype(np.float32), task.xj[b].astype(np.float32)
    return replace(task, xs=xs, ys=task.ys[a], xt=xt, xj=xt, yj=task.yj[b])


def auto(task: Task, labels: np.ndarray, logits: Mapping[str, np.ndarray]) -> tuple[str, str]:
    """Return the choice and its reason; it sees no target label."""
    from landbridge.diagnosis.class_shares import class_shares
    from landbridge.methods.core.resolve import Methods
    from landbridge.metrics.labelfree import Candidate
    from landbridge.selection.choose import choose_label_free
    from landbridge.selection.clusters import class_clusters
    from landbridge.selection.conditions import Evidence, left_out
    from landbridge.selection.portfolio import FEATURES
    from landbridge.solvers.calibration.softmax import softmax

    shares = class_shares(task.xs, labels.astype(str), task.xt)
    clusters = class_clusters(task.xs, labels)
    differ = shares.sentence() if shares is not None and shares.differ else ""
    seen = Evidence(len(task.xt), len(np.unique(labels)), clusters, differ)
    out = left_out(FEATURES, (REFERENCE,), seen, Methods(), named=False)
    names = [REFERENCE, *(name for name in FEATURES if name not in out and name in logits)]
    answers = [Candidate(name, softmax(logits[name].astype(float)), task.xt) for name in names]
    found = choose_label_free(answers, REFERENCE, label_shift=bool(differ), clusters=clusters.found)
    return found.method, found.reason


def run_task(task: Task) -> dict[str, Any]:
    """Fit everything and choose."""
    from landbridge.base.errors import LandbridgeError, LandbridgeWarning
    from landbridge.methods.core.base import Features
    from landbridge.methods.core.resolve import make_method

    classes, labels = np.unique(task.ys, return_inverse=True)
    place = {value: i for i, value in enumerate(classes)}
    truth = np.array([place.get(value, -1) for value in task.yj])
    source = Features(task.xs, labels, np.ones(len(labels), bool))
    target = Features(task.xt, np.zeros(len(truth), int), np.zeros(len(truth), bool))
    logits, accuracy, cpu = {}, {}, {}
    for name in (REFERENCE, *FIXED):
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LandbridgeWarning)
            try:
                head = make_method(name).fit_head(source, target, len(classes), 0)
            except LandbridgeError:
                continue
            logits[name] = head.logits(task.xt)
        cpu[name] = round(time.process_time() - start, 2)
        accuracy[name] = round(float((logits[name].argmax(1) == truth).mean()), 4)
    start = time.process_time()
    chosen, reason = auto(task, labels, logits)
    return {
        "family": task.family,
        "task": task.name,
        "classes": len(classes),
        "rows": [len(labels), len(truth)],
        "accuracy": accuracy,
        "cpu_s": cpu,
        "auto": chosen,
        "reason": reason,
        "choosing_cpu_s": round(time.process_time() - start, 2),
    }


def summary(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return gains over the reference in points, hurt, worst loss and regret, by way to choose."""
    rows = list(rows)
    base = np.array([row["accuracy"][REFERENCE] for row in rows])
    best = np.array([max(row["accuracy"].values()) for row in rows])
    out = {}
    for name in ("auto", *FIXED):
        own = np.array(
            [
                row["accuracy"].get(row["auto"] if name == "auto" else name, first)
                for row, first in zip(rows, base, strict=True)
            ]
        )
        gain = 100 * (own - base)
        out[name] = {
            "gain": round(float(gain.mean()), 2),
            "hurt": int((gain < -1).sum()),
            "worst": round(float(min(gain.min(), 0)), 1),
            "regret": round(float(100 * (best - own).mean()), 2),
        }
    out["best"] = {"gain": round(float(100 * (best - base).mean()), 2)}
    return {"tasks": len(rows), "ways": out}


def main(part: int = 0, parts: int = 1) -> None:
    """Run what is missing; the one that finds nothing missing writes the results."""
    import torch

    torch.set_num_threads(1)
    cache = os.environ.get("LANDBRIDGE_CACHE")
    folder = Path(cache or tempfile.mkdtemp()) / "benchmark-choice"
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for family in list(FAMILIES)[part::parts]:
        for make in all_tasks([family]):
            task = make()
            file = folder / f"{slug(task)}.json"
            if not file.exists():
                file.write_text(json.dumps(run_task(smaller(task))))
                print(slug(task), file.read_text()[:60], flush=True)
            rows.append(json.loads(file.read_text()))
    if parts > 1:
        return
    fresh = [f for f in FAMILIES if f not in (*SETTLED, *SEEN)]
    groups = {
        "settled on": [r for r in rows if r["family"] in SETTLED],
        "judged": [r for r in rows if r["family"] not in SETTLED],
        "judged, never looked at before": [r for r in rows if r["family"] in fresh],
        "three classes and more, 50 target rows and more": [
            r for r in rows if r["classes"] > 2 and r["rows"][1] >= 50
        ],
        "two classes": [r for r in rows if r["classes"] == 2],
        "all": rows,
    }
    write_result(
        "choice",
        {
            "name": "choice",
            "kind": "choice",
            "title": "The choice without target labels",
            "reference": REFERENCE,
            "summary": {name: summary(own) for name, own in groups.items()},
            "rows": rows,
            **ran_on(),
        },
    )
    for name, own in groups.items():
        print(name, json.dumps(summary(own)))


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:3]))
