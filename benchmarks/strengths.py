"""Strengths of feature methods without target labels: the default, reverse validation, the best.

    LANDBRIDGE_DATA=... python benchmarks/strengths.py [PART PARTS]

Two or three pairs of each family of choice_tasks.py (no versions), at most 600 rows a side. Every
value of an option is fitted, and its way back to the source scored; the default is what the method
has. Families of `SETTLED` settled defaults and the values that are tried. Found figures are kept
under $LANDBRIDGE_CACHE.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from choice import figures, smaller
from choice_tasks import FAMILIES, SETTLED, Task, slug
from harness import ran_on, write_result

OPTIONS = (
    *("coral:reg", "coral:scaling", "monge:reg", "mean-matching:scaling", "gfk:n_components"),
    *("subspace-alignment:n_components", "jpca:n_components", "tca:n_components"),
    *("jda:n_components", "easytl:scaling", "easytl:reg", "sinkhorn:reg", "kmm:bandwidth_factor"),
)
PAIRS = 3
"""Of a family, evenly among its ordered pairs."""


def tasks(part: int = 0, parts: int = 1) -> list[Any]:
    """Return what makes each task."""
    found = []
    for family in list(FAMILIES)[part::parts]:
        makers = FAMILIES[family]()
        found += makers[:: max(1, len(makers) // PAIRS)][:PAIRS]
    return found


def run_task(task: Task) -> dict[str, Any]:
    """Fit every value of every option, and its way back."""
    from landbridge.methods.core.base import Features
    from landbridge.methods.core.resolve import make_method
    from landbridge.methods.core.strengths import fit_with_strengths, grid

    classes, labels = np.unique(task.ys, return_inverse=True)
    place = {value: i for i, value in enumerate(classes)}
    truth = np.array([place.get(value, -1) for value in task.yj])
    source = Features(task.xs, labels, np.ones(len(labels), bool))
    target = Features(task.xt, np.zeros(len(truth), int), np.zeros(len(truth), bool))

    def accuracy(name: str) -> tuple[float, Any, float]:
        start = time.process_time()
        head = fit_with_strengths(make_method(name), source, target, len(classes), 0)
        right = float((head.logits(task.xt).argmax(1) == truth).mean())
        return round(right, 4), head.notes, round(time.process_time() - start, 2)

    found: dict[str, Any] = {"probe": accuracy("probe")[0]}
    for option in OPTIONS:
        method, name = option.split(":")
        chosen, notes, seconds = accuracy(f"{option}=auto")
        values = [values[name] for values in grid(make_method(f"{option}=auto"))]
        found[option] = {
            "default": accuracy(method)[0],
            "chosen": chosen,
            "value": notes["chosen"][name],
            "cpu_s": seconds,
            "values": {str(value): accuracy(f"{option}={value}")[0] for value in values},
        }
    return {"family": task.family, "task": task.name, "found": found}


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what default, choice and the best value gain over the probe, by option."""
    base = np.array([row["found"]["probe"] for row in rows])
    out = {}
    for option in OPTIONS:
        own = [row["found"][option] for row in rows]
        best = np.array([max([*one["values"].values(), one["default"]]) for one in own])
        ways = {
            name: figures(np.array([one[name] for one in own]), base, best)
            for name in ("default", "chosen")
        }
        out[option] = {**ways, "best": round(float(100 * (best - base).mean()), 2)}
    return {"tasks": len(rows), "options": out}


def main(part: int = 0, parts: int = 1) -> None:
    """Run what is missing; the one that finds nothing missing writes the results."""
    import torch

    torch.set_num_threads(1)
    folder = Path(os.environ.get("LANDBRIDGE_CACHE") or tempfile.mkdtemp()) / "benchmark-strengths"
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for make in tasks(part, parts):
        task = make()
        file = folder / f"{slug(task)}.json"
        if not file.exists():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                file.write_text(json.dumps(run_task(smaller(task, 0))))
            print(file.stem, flush=True)
        rows.append(json.loads(file.read_text()))
    if parts > 1:
        return
    write_result(
        "strengths",
        {
            "name": "strengths",
            "kind": "strengths",
            "title": "Strengths without target labels",
            "summary": {
                "settled on": summary([r for r in rows if r["family"] in SETTLED]),
                "judged": summary([r for r in rows if r["family"] not in SETTLED]),
            },
            "rows": rows,
            **ran_on(),
        },
    )


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:3]))
