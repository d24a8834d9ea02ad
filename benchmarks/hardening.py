"""What hardening costs and brings: clean and robust accuracy of ways to fine-tune, one backbone.

    LANDBRIDGE_DATA=... python benchmarks/hardening.py [digits] [cifar]

Robust is what APGD did not turn round by either loss (cross-entropy, and the ratio of differences
of logits), at the size that was trained for and at half of it, on 200 rows of no training set.
Found figures are kept under $LANDBRIDGE_CACHE.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import data
import landbridge
from cifar import KNOWN, NAMES
from harness import ran_on, write_result
from landbridge.robustness.base import ATTACKS, Rows
from landbridge.robustness.subject import Subject
from robustness_beside_art import larger

ROWS = 200
SEEDS = (0, 1)
ATTACKED_BY = ("apgd-ce", "apgd-dlr")
METHODS = (
    *("source-only", "finetune", "lp-ft", "lora", "probe"),
    *("finetune+pgd", "finetune+trades", "finetune+fast-at", "lora+trades"),
)
Pair = tuple[np.ndarray, np.ndarray]


def digits() -> tuple[Pair, Pair, Pair, float]:
    """Return MNIST, labelled USPS, other USPS, and the size of changes."""
    x, y = data.mnist("train")
    (u, v), (t, w) = (data.usps(part) for part in ("train", "test"))
    named = [labels.astype(str) for labels in (y, v, w)]
    return (
        (x[:3000], named[0][:3000]),
        (larger(u[:1000]), named[1][:1000]),
        (larger(t[:ROWS]), named[2][:ROWS]),
        0.1,
    )


def cifar() -> tuple[Pair, Pair, Pair, float]:
    """Return six classes of CIFAR-10, 100 labels of each of the others, and rows of these."""
    x, y = data.cifar10("train")
    t, w = data.cifar10("test")
    names, others = np.array(NAMES)[y], np.array(NAMES)[w]
    old, new = np.isin(names, KNOWN), np.flatnonzero(~np.isin(names, KNOWN))
    rows = np.concatenate([new[names[new] == name][:250] for name in np.unique(names[new])])
    fresh = np.flatnonzero(~np.isin(others, KNOWN))[:ROWS]
    return (x[old], names[old]), (x[rows], names[rows]), (t[fresh], others[fresh]), 4 / 255


TASKS: dict[str, tuple[str, Callable[[], tuple[Pair, Pair, Pair, float]]]] = {
    "digits": ("MNIST → USPS", digits),
    "cifar": ("CIFAR-10 six → four", cifar),
}


def robust(run: Any, rows: Pair, size: float, seed: int) -> dict[str, float]:
    """Return the share right of rows as they are, and against all attacks together."""
    own = run.model
    domain = own.read(rows)
    given = Rows(domain.examples, own.preprocessing, np.arange(len(domain)))
    truth, _ = own.reading.target_type.truth(
        [domain.classes[i] for i in domain.labels], own.reading.classes
    )
    subject = Subject("chosen", own, given, np.asarray(truth))
    right = subject.values(given.stored).argmax(1) == subject.truth
    found = {"clean": float(right.mean())}
    for label, eps in (("half", size / 2), ("whole", size)):
        left = np.flatnonzero(right)
        for name in ATTACKED_BY:
            if len(left):
                attack = ATTACKS.get(name)()
                left = left[attack.run(subject, left, eps).withstood]
        found[label] = len(left) / len(right)
    return found


def one(method: str, sides: tuple[Pair, Pair, Pair], size: float, seed: int) -> dict[str, float]:
    """Fine-tune once and attack."""
    source, target, fresh = sides
    options = {term: {"eps": size} for term in ("pgd", "trades", "fast-at") if f"+{term}" in method}
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        run = landbridge.transfer(
            source,
            target,
            backbone="convnet",
            method=method,
            method_options={"options": options} if options else {},
            budget="3h",
            seeds=1,
            seed=seed,
            training={"source_steps": 600, "steps": 600, "threads": 1},
            target_labels="use",
            out=Path(folder) / "run",
        )
        spent = time.process_time() - start
        return {**robust(run, fresh, size, seed), "cpu_s": round(spent, 1)}


def main(wanted: Sequence[str]) -> None:
    """Run what is asked for, and write it."""
    import torch

    torch.set_num_threads(1)
    cache = Path(os.environ.get("LANDBRIDGE_CACHE") or tempfile.mkdtemp()) / "benchmark-hardening"
    cache.mkdir(parents=True, exist_ok=True)
    for key in wanted:
        title, make = TASKS[key]
        *sides, size = make()
        rows = []
        for method in METHODS:
            if method == "source-only" and key == "cifar":
                continue  # it knows other classes
            own = []
            for seed in SEEDS:
                file = cache / f"{key}-{method}-{seed}.json"
                if not file.exists():
                    file.write_text(json.dumps(one(method, tuple(sides), size, seed)))
                own.append(json.loads(file.read_text()))
            rows.append({"method": method, "seeds": own})
            print(key, method, own, flush=True)
        write_result(
            f"hardening_{key}",
            {
                "name": f"hardening_{key}",
                "kind": "hardening",
                "title": f"Hardening, {title}",
                "size": size,
                "images": len(sides[2][0]),
                "rows": rows,
                **ran_on(),
            },
        )


if __name__ == "__main__":
    main(sys.argv[1:] or list(TASKS))
