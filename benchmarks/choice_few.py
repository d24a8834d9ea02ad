"""The choice with few target labels: the tasks of choice.py with 1, 3 or 10 labels a class.

What is judged are the target rows without granted labels. auto is what `landbridge transfer` does
on such rows: the same folds, the same rule, the same conditions.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

from choice_tasks import Task

FOLDS, REPEATS = 5, 1
REFERENCES = ("source-only", "probe")
"""The source's model as it is, and the target's labels alone."""
OTHERS = ("linear-infomax", "linear-mcc", "self-training", "mean-matching")
"""Not among the candidates of auto: they are there for the best that can be had."""


def granted(truth: np.ndarray, labels: int, *seed: object) -> np.ndarray:
    """Return which rows have a label: so many a class, and of no class more than half of it."""
    from landbridge.base.seeds import numpy_rng

    rng = numpy_rng("granted", labels, *seed)
    own = np.zeros(len(truth), bool)
    for value in np.unique(truth[truth >= 0]):
        rows = rng.permutation(np.flatnonzero(truth == value))
        own[rows[: min(labels, len(rows) // 2)]] = True
    return own


def method(name: str) -> Any:
    """Return the method; on features the source's model is the probe of its labels."""
    from landbridge.methods.core.resolve import make_method

    return (
        make_method("probe", {"on": "source"} if name == "source-only" else None)
        if name in REFERENCES
        else make_method(name)
    )


def run_few(task: Task, labels: int, seed: int) -> dict[str, Any] | None:
    """Fit everything, cross-validate and choose; None where too few rows are left to judge."""
    from landbridge.base.errors import LandbridgeError, LandbridgeWarning
    from landbridge.methods.core.base import Features
    from landbridge.runs.folds import compared_rows, fold_rows, possible_folds, without
    from landbridge.selection.clusters import class_clusters
    from landbridge.selection.conditions import without_clusters
    from landbridge.selection.portfolio import FEATURES_FEW
    from landbridge.training.batches import Side

    classes, ys = np.unique(task.ys, return_inverse=True)
    place = {value: i for i, value in enumerate(classes)}
    truth = np.array([place.get(value, -1) for value in task.yj])
    own = granted(truth, labels, task.family, task.name, seed)
    if own.sum() < 2 or (~own).sum() < 20:
        return None
    source = Features(task.xs, ys, np.ones(len(ys), bool))
    side = Side(task.xt, np.where(own, truth, 0), own)

    def logits(name: str, granted_side: Side) -> np.ndarray:
        target = Features(task.xt, granted_side.labels, granted_side.labeled_mask)
        return method(name).fit_head(source, target, len(classes), seed).logits(task.xt)

    clusters = class_clusters(task.xs, ys)
    start = time.process_time()
    out = without_clusters(FEATURES_FEW, clusters)
    names = [*REFERENCES, *(name for name in FEATURES_FEW if name not in out)]
    folds = possible_folds(side, FOLDS)
    scored = compared_rows(side)
    full: dict[str, np.ndarray] = {}
    held: dict[str, np.ndarray] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LandbridgeWarning)
        for name in dict.fromkeys((*names, *FEATURES_FEW, *OTHERS)):
            try:
                full[name] = logits(name, side)
                if name in names and folds:
                    held[name] = np.array(
                        [
                            cross_validated(name, side, r, folds, seed, logits, fold_rows, without)
                            for r in range(REPEATS)
                        ]
                    )[:, scored]
            except LandbridgeError:
                full.pop(name, None)
    answer = side.labels[scored]
    chosen, reference, reason = choose(task, names, full, held, answer, clusters.found, own)
    judged = ~own
    return {
        "family": task.family,
        "task": task.name,
        "labels": labels,
        "seed": seed,
        "classes": len(classes),
        "rows": [len(ys), int(judged.sum())],
        "accuracy": {
            name: round(float((x.argmax(1) == truth)[judged].mean()), 4) for name, x in full.items()
        },
        "auto": chosen,
        "reference": reference,
        "reason": reason,
        "cpu_s": round(time.process_time() - start, 2),
    }


def cross_validated(
    name: str,
    side: Any,
    repeat: int,
    folds: int,
    seed: int,
    logits: Any,
    fold_rows: Any,
    without: Any,
) -> np.ndarray:
    """Return the logits of every row when its label was held out."""
    parts = []
    for fold in range(folds):
        rows = fold_rows(side, repeat, fold, folds, seed)
        parts.append((rows, logits(name, without(side, rows))[rows]))
    found = np.zeros((len(side), parts[0][1].shape[1]))
    for rows, own in parts:
        found[rows] = own
    return found


def choose(
    task: Task,
    names: list[str],
    full: dict[str, np.ndarray],
    held: dict[str, np.ndarray],
    answer: np.ndarray,
    clusters: bool,
    own: np.ndarray,
) -> tuple[str, str, str]:
    """Return the choice, the baseline it is compared with, and the reason."""
    from landbridge.metrics.labelfree import Candidate, ClassAMI, Pool
    from landbridge.runs.compare import PREFERRED, SIMPLE_FIRST
    from landbridge.selection.choose import choose_by_validation
    from landbridge.selection.fallback import fallback
    from landbridge.solvers.calibration.softmax import softmax
    from landbridge.solvers.calibration.temperature import log_likelihoods
    from landbridge.targets.registry import get_target_type

    if not held:
        kind = get_target_type("multiclass")
        found = fallback([n for n in names if n in full], REFERENCES, kind, 0, clusters)
        return found.method, "source-only", found.reason
    hits = {name: own.argmax(2) == answer for name, own in held.items()}
    ties, likelihood = None, None
    if next(iter(held.values())).shape[2] > 2:
        likelihood = {name: log_likelihoods(own, answer) for name, own in held.items()}
    if clusters:
        ties = {}
        for name in hits:
            seen = Candidate(name, softmax(full[name].astype(float)), task.xt, None)
            ties[name] = ClassAMI().score(seen, Pool((seen,), seed=0))
    order = [name for name in SIMPLE_FIRST if name in hits]
    order += [name for name in hits if name not in order]
    found = choose_by_validation(
        hits,
        order,
        REFERENCES,
        ties,
        alone=("probe",),
        preferred=PREFERRED if clusters else (),
        likelihood=likelihood,
    )
    ranks = {row.method: row.rank or 0 for row in found.candidates}
    best = min(REFERENCES, key=lambda name: ranks.get(name, len(ranks) + 1))
    return found.method, best, found.reason
