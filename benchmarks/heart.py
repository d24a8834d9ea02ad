"""Heart disease in four hospitals, as whole tables: each from its own labels, and from another's.

    LANDBRIDGE_DATA=... python benchmarks/heart.py [alone] [across] [runs]

`alone`: half of a hospital's rows are labelled, the other half judge, and nothing is transferred.
`across`: trained in one hospital, the other has no label; all twelve pairs. `runs`: whole runs
from Cleveland to each other hospital, which choose by themselves and give a verdict, without labels
and with ten a class.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import runs
from adaptation import table, unlabelled
from feature_tasks import hospital
from grid import Job, truth_of
from landbridge.base.seeds import numpy_rng
from landbridge.domains.domain import Domain
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels

HOSPITALS = ("cleveland", "hungarian", "switzerland", "va")
ALONE = ("scratch", "boosted-trees")
ACROSS = (
    *("source-only", "probe", "boosted-trees", "label-shift-em", "coral", "mcc", "infomax"),
    *("shot", "dann"),
)


@cache
def patients(name: str) -> Domain:
    """Return a hospital's table."""
    with tempfile.TemporaryDirectory() as folder:
        return read_domain(hospital(name, Path(folder)), label="num", name=name)


def alone_jobs() -> Iterator[Job]:
    """Yield each hospital with half of its labels."""
    for name in HOSPITALS:
        whole = patients(name)
        keep = np.zeros(len(whole), bool)
        for value in np.unique(whole.labels):
            rows = np.flatnonzero(whole.labels == value)
            half = max(1, len(rows) // 2)
            keep[numpy_rng("heart", name, int(value)).permutation(rows)[:half]] = True
        sealed = keep_labels(whole, keep)
        yield Job(name, None, sealed, truth_of(whole, sealed), {}, reference="scratch")


def across_jobs() -> Iterator[Job]:
    """Yield the twelve pairs."""
    for one, other in itertools.permutations(HOSPITALS, 2):
        yield unlabelled(f"{one} → {other}", patients(one), patients(other))


def whole_runs() -> dict[str, Any]:
    """Return what whole runs from Cleveland choose and say."""
    results = {}
    for other in HOSPITALS[1:]:
        for shots in (0, 10):
            target, how = patients(other), {}
            if shots:
                keep = np.zeros(len(target), bool)
                for value in np.unique(target.labels):
                    rows = np.flatnonzero(target.labels == value)
                    take = min(shots, len(rows) // 2)
                    keep[numpy_rng("heart runs", other).permutation(rows)[:take]] = True
                target = keep_labels(target, keep)
            else:
                how = {"target_labels": "judge"}
            found = runs.run(patients("cleveland"), target, budget="3m", progress=False, **how)
            name = f"Cleveland → {other}, " + (f"{shots} labels a class" if shots else "no label")
            results[name] = found
            print(name, found["sentence"], flush=True)
    return results


SETS = {
    "alone": ("Heart disease, half of a hospital's own labels", alone_jobs, ALONE),
    "across": ("Heart disease, another hospital's labels alone", across_jobs, ACROSS),
}


def main(wanted: Sequence[str]) -> None:
    """Run what is asked for."""
    if "runs" in wanted:
        title = "Heart disease, whole runs from Cleveland, which choose by themselves"
        runs.save("heart_runs", title, whole_runs())
    for name in [name for name in wanted if name in SETS]:
        title, jobs, methods = SETS[name]
        table(f"heart_{name}", title, list(jobs()), methods)


if __name__ == "__main__":
    main(sys.argv[1:] or list(SETS))
