"""Deep adaptation: every method on the same pairs, no target label or a few, at the last step.

    LANDBRIDGE_DATA=... python benchmarks/adaptation.py [jda] [few] [full] [full_long] [office]

`jda`: the JDA pairs without target labels; `few`: with 1, 3 and 10 labels a class; `full`: MNIST
and USPS whole; `office`: the twelve tasks of photographs, without labels and with 1 and 3 a class,
where heads are trained on stored features of MobileNetV2.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import data
from grid import Job, run_job, truth_of
from harness import ran_on, read_result, write_result
from landbridge.base.seeds import numpy_rng
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels, seal

UNLABELLED = (
    *("source-only", "coral", "deep-coral", "dan", "jan", "dsan", "dann", "cdan", "mdd", "mcd"),
    *("afn", "mcc", "bnm", "infomax", "mcc+dann", "pseudo-label", "fixmatch", "flexmatch"),
    *("debiasmatch", "dst", "infomax+consistency", "shot", "aad", "nrc"),
)
FEW = (
    *("source-only", "scratch", "finetune", "lp-ft", "joint", "joint+mcc", "joint+infomax"),
    *("joint+infomax+consistency", "few-label"),
)
LONG = ("source-only", "mcc", "infomax+consistency")
OFFICE = (
    *("source-only", "probe", "coral", "dan", "dann", "mcc", "bnm", "infomax", "mcc+dann"),
    *("infomax+consistency", "shot", "aad", "nrc"),
)
OFFICE_FEW = ("source-only", "probe", "head-only", "joint", "joint+mcc", "few-label")


def unlabelled(name: str, source: Any, target: Any, **config: Any) -> Job:
    """Return a task whose target rows are adapted to without labels, and judged."""
    whole = read_domain(target, name="target") if isinstance(target, tuple) else target
    sealed = seal(whole, "judge")
    return Job(name, _domain(source, "source"), sealed, truth_of(whole, sealed), config)


def few(name: str, source: Any, target: Any, shots: int, **config: Any) -> Job:
    """Return a task with `shots` target labels a class; the rest is judged."""
    whole = _domain(target, "target")
    rng = numpy_rng("few labels", name, shots)
    keep = np.zeros(len(whole), bool)
    for value in np.unique(whole.labels):
        keep[rng.choice(np.flatnonzero(whole.labels == value), shots, replace=False)] = True
    sealed = keep_labels(whole, keep)
    return Job(name, _domain(source, "source"), sealed, truth_of(whole, sealed), config)


def inductive(name: str, source: Any, train: Any, test: Any) -> Job:
    """Return a task adapted on the target's training rows and judged on its test rows."""
    x, y = (np.concatenate([a, b]) for a, b in zip(train, test, strict=True))
    split = ["train"] * len(train[0]) + ["test"] * len(test[0])
    whole = read_domain((x, y), split=split, name="target")
    sealed = seal(whole, "judge")
    return Job(name, _domain(source, "source"), sealed, truth_of(whole, sealed))


def _domain(what: Any, name: str) -> Any:
    return what if hasattr(what, "labeled_mask") else read_domain(what, name=name)


def jda_jobs() -> Iterator[Job]:
    """Yield both pairs, no target label."""
    for pair in ("USPS_vs_MNIST", "MNIST_vs_USPS"):
        xs, ys, xt, yt = data.jda_pair(pair)
        yield unlabelled(pair.replace("_vs_", " → "), (xs, ys), (xt, yt))


def few_jobs() -> Iterator[Job]:
    """Yield both pairs with 1, 3 and 10 labels a class."""
    for pair in ("USPS_vs_MNIST", "MNIST_vs_USPS"):
        xs, ys, xt, yt = data.jda_pair(pair)
        for shots in (1, 3, 10):
            name = f"{pair.replace('_vs_', ' → ')}, {shots} a class"
            yield few(name, (xs, ys), (xt, yt), shots)


def full_jobs() -> Iterator[Job]:
    """Yield MNIST → USPS and back, whole."""
    mnist, usps = data.mnist, data.usps
    yield inductive("MNIST → USPS, whole", mnist("train"), usps("train"), usps("test"))
    yield inductive("USPS → MNIST, whole", usps("train"), mnist("train"), mnist("test"))


def office_jobs(shots: int) -> Iterator[Job]:
    """Yield the twelve tasks of photographs with so many target labels a class."""
    places = {name: data.root() / "office_caltech10" / name for name in OFFICE_DOMAINS}
    for one in OFFICE_DOMAINS:
        for other in OFFICE_DOMAINS:
            if one == other:
                continue
            source, target = (read_domain(str(places[name])) for name in (one, other))
            name = f"{one} → {other}" + (f", {shots} a class" if shots else "")
            how = {"backbone": "mobilenet_v2"}
            if shots:
                job = few(name, source, target, shots, **how)
            else:
                job = unlabelled(name, source, target, **how)
            yield replace(job, frozen=True)


def long_jobs() -> Iterator[Job]:
    """Yield MNIST → USPS, whole, with more steps than the default."""
    job = next(full_jobs())
    more = {"training": {"steps": 4000, "source_steps": 1500}}
    yield replace(job, name=f"{job.name}, 4,000 steps", config=more)


OFFICE_DOMAINS = ("amazon", "caltech10", "dslr", "webcam")
SETS = {
    "jda": ("JDA pairs, no target label", jda_jobs, UNLABELLED),
    "few": ("JDA pairs, a few target labels", few_jobs, FEW),
    "full": ("MNIST and USPS whole, no target label", full_jobs, UNLABELLED),
    "full_long": ("MNIST → USPS whole, 4,000 steps, no target label", long_jobs, LONG),
}


def table(name: str, title: str, jobs: Sequence[Job], methods: Sequence[str]) -> None:
    """Run the jobs and keep what was found under results/.

    Tasks that the file holds with these methods are not run again: remove it to measure anew.
    """
    tasks: dict[str, Any] = read_result(name).get("tasks", {})
    for job in jobs:
        known = tasks.get(job.name, {"methods": {}, "failed": {}})
        if set(methods) <= {*known["methods"], *known["failed"]}:
            continue
        found = run_job(job, methods)
        tasks[job.name] = found
        sign, scale = (1 if found["lower_is_better"] else -1), (100 if found["percent"] else 1)
        best = sorted(found["methods"].items(), key=lambda item: sign * item[1]["mean"])[:3]
        print(job.name, [(m, round(scale * row["mean"], 1)) for m, row in best], flush=True)
        result = {"name": name, "kind": "grid", "title": title, "tasks": tasks, **ran_on()}
        write_result(name, result)  # after each task: a long table may be cut short


def main(wanted: Sequence[str]) -> None:
    """Run what is asked for."""
    for name, (title, jobs, methods) in SETS.items():
        if name in wanted:
            table(f"adaptation_{name}", title, list(jobs()), methods)
    if "office" in wanted:
        title = "Office-Caltech10 photographs, no target label"
        table("adaptation_office", title, list(office_jobs(0)), OFFICE)
        for shots in (1, 3):
            title = f"Office-Caltech10 photographs, {shots} target label{'s'[: shots > 1]} a class"
            table(f"adaptation_office_{shots}", title, list(office_jobs(shots)), OFFICE_FEW)


if __name__ == "__main__":
    main(sys.argv[1:] or ["jda", "few", "full", "office"])
