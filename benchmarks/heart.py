"""Heart disease in four hospitals, as whole tables: each from its own labels, and from another's.

    LANDBRIDGE_DATA=... python benchmarks/heart.py [alone] [across]

`alone`: half of a hospital's rows are labelled, the other half judge, and nothing is transferred.
`across`: trained in one hospital, the other has no label; all twelve pairs.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from adaptation import table, unlabelled
from feature_tasks import hospital
from grid import Job, truth_of
from landbridge.base.seeds import numpy_rng
from landbridge.domains.domain import Domain
from landbridge.domains.judging import keep_labels
from landbridge.domains.read import read_domain

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


SETS = {
    "alone": ("Heart disease, half of a hospital's own labels", alone_jobs, ALONE),
    "across": ("Heart disease, another hospital's labels alone", across_jobs, ACROSS),
}


def main(wanted: Sequence[str]) -> None:
    """Run what is asked for."""
    for name in wanted:
        title, jobs, methods = SETS[name]
        table(f"heart_{name}", title, list(jobs()), methods)


if __name__ == "__main__":
    main(sys.argv[1:] or list(SETS))
