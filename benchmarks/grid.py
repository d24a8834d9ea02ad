"""Many methods on one task: each fitted over seeds, sharing the source's networks and features.

A whole run (`runs.py`) fits its baselines again for every method; a table of twenty methods wants
them once. Fits are kept in a folder, so a second call goes on where the first one stopped.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from landbridge.base.config import make_config
from landbridge.base.errors import TrainingError
from landbridge.base.events import Events
from landbridge.domains.domain import Domain
from landbridge.metrics.intervals import paired_bootstrap
from landbridge.metrics.labelfree import Candidate
from landbridge.runs.execute import Runner
from landbridge.runs.fit import Fit, FitSpec
from landbridge.runs.load import read_task
from landbridge.runs.prepare import prepare
from landbridge.selection.choose import choose_label_free
from landbridge.solvers.calibration.softmax import softmax
from landbridge.targets.registry import get_target_type
from landbridge.training.devices import find_device


@dataclass(frozen=True)
class Job:
    """One task.

    Attributes
    ----------
    name : str
    source : Domain or None
    target : Domain
        Sealed; methods see what it grants.
    truth : ndarray of str or float
        Classes, or numbers, of the judged rows, in their order: for scoring alone.
    config : dict
        Parts of the run's configuration.
    frozen : bool
        Whether adapting methods train the head on stored features, as runs do where moving the
        backbone would take more than the budget.
    reference : str
        The method that the others are compared with.
    """

    name: str
    source: Domain | None
    target: Domain
    truth: np.ndarray
    config: Mapping[str, Any] = field(default_factory=dict)
    frozen: bool = False
    reference: str = "source-only"


def truth_of(whole: Domain, sealed: Domain) -> np.ndarray:
    """Return the classes, or numbers, of the judged rows, from the domain as it was read."""
    if get_target_type(whole.target_type).name == "regression":
        return whole.labels[sealed.test_mask]
    return np.array(whole.classes, dtype=object)[whole.labels][sealed.test_mask]


def kept_folder() -> Path:
    """Return where fits are kept between calls."""
    given = os.environ.get("LANDBRIDGE_CACHE")
    folder = Path(given or tempfile.mkdtemp()) / "benchmark-grid"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


JOBS = "LANDBRIDGE_JOBS"
DEVICE = "LANDBRIDGE_DEVICE"


def run_job(
    job: Job, methods: Sequence[str], seeds: int = 3, jobs: int | None = None
) -> dict[str, Any]:
    """Fit every method over the seeds; return figures, intervals, costs and the choices.

    The figure is accuracy, or the mean absolute error where labels are numbers; a positive
    difference is a gain either way.

    So many fits at once as `jobs` or LANDBRIDGE_JOBS says (2), one thread each, on the device
    that LANDBRIDGE_DEVICE names ("cpu").
    """
    jobs = jobs or int(os.environ.get(JOBS, "2"))
    config = make_config({"seed": 0, **job.config})
    task = read_task(config, job.source, job.target, Events())
    path = kept_folder() / job.name.replace(" ", "_").replace("→", "-")
    context = prepare(task, config, path, Events())
    device = find_device(os.environ.get(DEVICE, "cpu"))
    own = replace(context.settings, threads=1, frozen=job.frozen, device=device)
    context = replace(context, settings=own)
    context.save()
    specs = [FitSpec(method, seed) for seed in range(seeds) for method in methods]
    first = [spec for spec in specs if spec.method == "source-only"]
    with Runner(context, jobs, Events()) as runner:
        runner.run(first, tolerate=True)  # others start from it: not to be trained twice at once
        done = runner.run(specs, tolerate=True)
    reading = context.data.reading
    metric = get_target_type(reading.target_type).metric
    truth = np.asarray(job.truth)
    if reading.target_type.name == "multiclass":
        place = {name: i for i, name in enumerate(context.data.classes)}
        truth = np.array([place.get(name, -1) for name in job.truth])
    hits: dict[str, list[np.ndarray]] = {}
    rows: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    choices = []
    for seed in range(seeds):
        candidates = []
        for method in methods:
            fit = done[FitSpec(method, seed).id]
            if isinstance(fit, TrainingError):
                failed[method] = str(fit)
                continue
            score = metric.score(reading.transform(fit.output("judged")), truth)
            hits.setdefault(method, []).append(score)
            own = rows.setdefault(method, {"cpu_s": 0.0})
            own["cpu_s"] += fit.cpu_s / seeds
            if reading.target_type.name == "multiclass":
                candidates.append(_candidate(method, fit, context))
        choices.append(_choice(candidates, hits, seed, job.reference))
    for name, own in rows.items():
        found = np.stack(hits[name])
        whole = paired_bootstrap(found, np.zeros_like(found))
        own |= {
            "mean": metric.figure(float(found.mean())),
            "low": min(map(metric.figure, (whole.low, whole.high))),
            "high": max(map(metric.figure, (whole.low, whole.high))),
            "per_seed": [metric.figure(score) for score in found.mean(1).tolist()],
            "cpu_s": round(own["cpu_s"], 1),
        }
        base = np.stack(hits[job.reference]) if job.reference in hits else None
        if base is not None and name != job.reference and len(base) == len(found):
            gap = paired_bootstrap(found, base)
            own["difference"] = {"mean": gap.value, "low": gap.low, "high": gap.high}
    _tidy(context.fits)
    return {
        "setting": task.sentence(),
        "reference": job.reference,
        "metric": metric.name,
        "percent": metric.percent,
        "lower_is_better": metric.lower_is_better,
        "judged_rows": len(truth),
        "device": context.settings.device,
        "methods": rows,
        "failed": failed,
        "label_free": choices,
    }


def _tidy(fits: Path) -> None:
    """Drop the networks of a finished task, which fill a disk; others may start from the source's.

    Their outputs stay, so a later call with more methods does not fit them again.
    """
    for path in fits.rglob("*.safetensors"):
        if not path.relative_to(fits).parts[0].startswith("source-only"):
            path.unlink()


def _candidate(name: str, fit: Fit, context: Any) -> Candidate:
    accuracy = None
    if context.data.validation.any():
        held = context.data.source.labels[context.data.validation]
        accuracy = float((fit.output("validation").argmax(1) == held).mean())
    return Candidate(name, softmax(fit.output("target")), fit.output("target_features"), accuracy)


def _choice(
    candidates: list[Candidate], hits: Mapping[str, list[np.ndarray]], seed: int, reference: str
) -> dict[str, Any] | None:
    """Return what the label-free choice picks for a seed beside what the labels would."""
    if reference not in {candidate.name for candidate in candidates} or len(candidates) < 2:
        return None
    found = choose_label_free(candidates, reference)
    accuracy = {c.name: float(hits[c.name][seed].mean()) for c in candidates}
    best = max(accuracy, key=lambda name: accuracy[name])
    return {
        "method": found.method,
        "accuracy": accuracy[found.method],
        "oracle": best,
        "oracle_accuracy": accuracy[best],
    }
