"""The choice on many tasks: reference, auto, each fixed method, the best.

    LANDBRIDGE_DATA=... python benchmarks/choice.py [PART PARTS] [labels=0,1,3,10] [seeds=0,1,2]

Frozen features, at most 600 rows a side, drawn with the seed. auto is what `landbridge transfer`
does on such rows: without target labels the same conditions, gate and guard; with some the same
folds and rule (choice_few.py). Found figures are kept under $LANDBRIDGE_CACHE.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from choice_few import run_few
from choice_scores import SCORES, ways_to_choose
from choice_tasks import FAMILIES, SEEN, SETTLED, Task, all_tasks, slug
from harness import ran_on, write_result

ROWS = 600
KEPT = (*SCORES, "fine_ami")
PAIRS = 6
"""Of a family, where labels are granted: cross-validation takes its time."""
REFERENCE = "probe"
FIXED = (
    *("consensus", "linear-infomax", "linear-mcc", "self-training", "meda", "easytl"),
    *("discriminant-em", "label-shift-em", "mean-matching", "coral", "coral:reg=30"),
)


def smaller(task: Task, seed: int) -> Task:
    """Return the task with at most `ROWS` rows a side; adapted on what is judged."""
    from landbridge.base.seeds import numpy_rng

    rng = numpy_rng("choice", task.family, task.name, *([seed] if seed else []))
    a = np.sort(rng.permutation(len(task.ys))[:ROWS])
    b = np.sort(rng.permutation(len(task.yj))[:ROWS])
    xs, xt = task.xs[a].astype(np.float32), task.xj[b].astype(np.float32)
    return replace(task, xs=xs, ys=task.ys[a], xt=xt, xj=xt, yj=task.yj[b])


def auto(
    task: Task, labels: np.ndarray, logits: Mapping[str, np.ndarray]
) -> tuple[str, str, dict[str, Any]]:
    """Return the choice, its reason, and what each score says of each method; no label is seen."""
    from landbridge.diagnosis.class_shares import class_shares
    from landbridge.methods.core.resolve import Methods
    from landbridge.metrics.labelfree import Candidate
    from landbridge.metrics.ranking import score_candidates
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
    answers = {
        name: Candidate(name, softmax(x.astype(float)), task.xt) for name, x in logits.items()
    }
    kind = {"label_shift": bool(differ), "clusters": clusters.found}
    found = choose_label_free([answers[name] for name in names], REFERENCE, **kind)
    everyone = score_candidates(list(answers.values()), answers[REFERENCE], **kind)
    evidence = {
        **kind,
        "few_rows": any("too few" in why for why in out.values()),
        "gated": {name: why.split("(")[0].strip() for name, why in everyone.gated.items()},
        "figures": {
            name: {score: round(float(own[score]), 4) for score in KEPT if score in own}
            | {"spread": spread(logits[name])}
            for name, own in everyone.figures.items()
        },
    }
    return found.method, found.reason, evidence


def spread(logits: np.ndarray) -> float:
    """Return how evenly answers are spread over the classes: 1 where all are as frequent."""
    share = np.bincount(logits.argmax(1), minlength=logits.shape[1]) / len(logits)
    return round(float(-(share * np.log(np.clip(share, 1e-12, 1))).sum() / np.log(len(share))), 4)


def run_task(task: Task, seed: int) -> dict[str, Any]:
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
                head = make_method(name).fit_head(source, target, len(classes), seed)
            except LandbridgeError:
                continue
            logits[name] = head.logits(task.xt)
        cpu[name] = round(time.process_time() - start, 2)
        accuracy[name] = round(float((logits[name].argmax(1) == truth).mean()), 4)
    start = time.process_time()
    chosen, reason, evidence = auto(task, labels, logits)
    return {
        "family": task.family,
        "task": task.name,
        "seed": seed,
        "classes": len(classes),
        "rows": [len(labels), len(truth)],
        "accuracy": accuracy,
        "cpu_s": cpu,
        "auto": chosen,
        "reference": REFERENCE,
        "reason": reason,
        "evidence": evidence,
        "choosing_cpu_s": round(time.process_time() - start, 2),
    }


def summary(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return gains over the reference in points, hurt, worst loss and regret, by way to choose."""
    rows = list(rows)
    base = np.array([row["accuracy"][row["reference"]] for row in rows])
    best = np.array([max(row["accuracy"].values()) for row in rows])
    names = sorted({name for row in rows for name in row["accuracy"]})
    out = {}
    for name in ("auto", *names):
        own = np.array(
            [
                row["accuracy"].get(row["auto"] if name == "auto" else name, first)
                for row, first in zip(rows, base, strict=True)
            ]
        )
        out[name] = figures(own, base, best)
    out["best"] = {"gain": round(float(100 * (best - base).mean()), 2)}
    return {"tasks": len(rows), "ways": out}


def figures(own: np.ndarray, base: np.ndarray, best: np.ndarray) -> dict[str, float]:
    """Return what a way to choose gains in points, how many it hurts, its worst and its regret."""
    gain = 100 * (own - base)
    return {
        "gain": round(float(gain.mean()), 2),
        "hurt": int((gain < -1).sum()),
        "worst": round(float(min(gain.min(), 0)), 1),
        "regret": round(float(100 * (best - own).mean()), 2),
    }


def some_pairs(family: str) -> list[Callable[[], Task]]:
    """Return at most `PAIRS` pairs of a family, evenly among its ordered pairs; no versions."""
    makers = FAMILIES[family]()
    return makers[:: max(1, len(makers) // PAIRS)][:PAIRS]


def asked(words: Sequence[str]) -> tuple[int, int, list[int], list[int]]:
    """Return part, parts, labels a class and seeds of a command line."""
    numbers = [int(word) for word in words if "=" not in word]
    named = dict(word.split("=") for word in words if "=" in word)
    part, parts = numbers if len(numbers) == 2 else (0, 1)
    labels, seeds = (
        [int(n) for n in named.get(key, usual).split(",")]
        for key, usual in (("labels", "0,1,3,10"), ("seeds", "0,1,2"))
    )
    return part, parts, labels, seeds


def main(words: Sequence[str]) -> None:
    """Run what is missing; the one that finds nothing missing writes the results."""
    import torch

    torch.set_num_threads(1)
    part, parts, labels, seeds = asked(words)
    cache = os.environ.get("LANDBRIDGE_CACHE")
    folder = Path(cache or tempfile.mkdtemp()) / "benchmark-choice"
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[int, list[dict[str, Any]]] = {count: [] for count in labels}
    for count, seed, family in itertools.product(labels, seeds, list(FAMILIES)[part::parts]):
        makers = some_pairs(family) if count else list(all_tasks([family]))
        for make in makers:
            file = folder / f"{slug(task := make())}-{count}-{seed}.json"
            if not file.exists():
                own = smaller(task, seed)
                found = run_few(own, count, seed) if count else run_task(own, seed)
                file.write_text(json.dumps(found))
                print(file.stem, file.read_text()[:60], flush=True)
            row = json.loads(file.read_text())
            rows[count] += [row] if row else []
    if parts > 1:
        return
    for count, own in rows.items():
        write_choice(count, own)


def write_choice(labels: int, rows: Sequence[dict[str, Any]]) -> None:
    """Write the results for a number of labels a class."""
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
    what = f"{labels} target label{'s' if labels > 1 else ''} a class" if labels else "no labels"
    write_result(
        f"choice_{labels}" if labels else "choice",
        {
            "name": f"choice_{labels}" if labels else "choice",
            "kind": "choice",
            "title": f"The choice with {what}" if labels else "The choice without target labels",
            "labels": labels,
            "seeds": sorted({row["seed"] for row in rows}),
            "summary": {name: summary(own) for name, own in groups.items()},
            **({} if labels else {"scores": ways_to_choose(rows)}),
            "rows": rows,
            **ran_on(),
        },
    )
    for name, own in groups.items():
        print(name, json.dumps(summary(own)))


if __name__ == "__main__":
    main(sys.argv[1:])
