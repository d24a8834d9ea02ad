"""Digits of which the source lacks three: how many rows of which kind are called unknown.

The source has the digits 0 to 6, the target all ten and no labels. A tenth of the source
calibrates, a tenth is new to the model, the rest is learned from. The rate is promised for the
second tenth; what it is on the target is what this measures.

    python benchmarks/open_set.py [usps-mnist] [mnist-usps]
"""

from __future__ import annotations

import copy
import sys
from typing import Any

import numpy as np

import data
import harness
from class_shift import PAIRS, SOURCE_STEPS
from landbridge.backbones.open import open_backbone
from landbridge.backbones.surgery import make_network
from landbridge.base.seeds import numpy_rng
from landbridge.domains.modalities.base import InputSpec
from landbridge.domains.read import read_domain
from landbridge.methods.core.network import PlanContext
from landbridge.methods.core.resolve import make_method
from landbridge.metrics.open_set import id_scores, unknown_threshold
from landbridge.training.batches import Side
from landbridge.training.inputs import run_network
from landbridge.training.loop import TrainingData, train

KNOWN = 7
RATES = (0.01, 0.05, 0.1)
SEEDS = 3
METHODS = {"source-only": 0, "mcc": 200, "infomax+consistency": 200}
"""Each with its steps after the source."""


def measure(pair: str) -> dict[str, Any]:
    """Return shares called unknown, by method, score and rate: mean over seeds."""
    xs, ys, xt, yt = data.jda_pair(PAIRS[pair])
    xs, ys = xs[ys < KNOWN], ys[ys < KNOWN].astype(np.int64)
    domains = [read_domain((xs, ys), name="source"), read_domain((xt, None), name="target")]
    hint = InputSpec("image", *domains[0].examples.shape_hint())
    nothing = np.zeros(len(xt), bool)
    found: dict[str, list[dict[str, Any]]] = {}
    for seed in range(SEEDS):
        opened = open_backbone("convnet", hint, seed=seed)
        inputs = [opened.preprocessing.prepare(d.examples) for d in domains]
        order = numpy_rng("open set", seed).permutation(len(xs))
        calibration, fresh = np.array_split(order[: len(xs) // 5], 2)
        learned = np.ones(len(xs), bool)
        learned[order[: len(xs) // 5]] = False
        sides = TrainingData(
            Side(inputs[0], ys, learned),
            Side(inputs[1], np.zeros(len(xt), np.int64), nothing),
            opened.preprocessing,
            KNOWN,
        )
        start = make_network(opened, KNOWN, seed=seed)
        for method, steps in METHODS.items():
            context = PlanContext(
                KNOWN, len(xs), len(xt), steps=steps or None, source_steps=SOURCE_STEPS
            )
            network = start if method == "source-only" else copy.deepcopy(start)
            train(network, make_method(method).plan(context).phases, sides, seed=seed)
            source = run_network(network, inputs[0], opened.preprocessing)[1]
            target = run_network(network, inputs[1], opened.preprocessing)[1]
            known = yt < KNOWN
            right = target[known].argmax(1) == yt[known]
            row: dict[str, Any] = {"accuracy_known": float(right.mean()), "rows": {}}
            for score in ("confidence", "energy"):
                own, theirs = id_scores(source, score), id_scores(target, score)
                for rate in RATES:
                    below = unknown_threshold(own[calibration], rate)
                    row["rows"][f"{score} {rate}"] = {
                        "new source rows": float((own[fresh] < below).mean()),
                        "known on target": float((theirs[known] < below).mean()),
                        "unknown on target": float((theirs[~known] < below).mean()),
                    }
            found.setdefault(method, []).append(row)
            print(pair, seed, method, row, flush=True)
    return {method: _mean(rows) for method, rows in found.items()}


def _mean(rows: list[dict[str, Any]]) -> dict[str, Any]:
    settings = rows[0]["rows"]
    return {
        "accuracy_known": round(float(np.mean([r["accuracy_known"] for r in rows])), 4),
        "rows": {
            key: {
                name: round(float(np.mean([r["rows"][key][name] for r in rows])), 4)
                for name in values
            }
            for key, values in settings.items()
        },
    }


def main(pairs: list[str]) -> None:
    """Measure and keep it under results/."""
    import torch

    torch.set_num_threads(1)
    for pair in pairs:
        source, target = (part.upper() for part in pair.split("-"))
        name = f"open_set_{pair.replace('-', '_')}"
        harness.write_result(
            name,
            {
                "name": name,
                "kind": "open-set",
                "title": f"Unknown digits 7 to 9, {source} → {target}",
                "seeds": SEEDS,
                "methods": measure(pair),
                **harness.ran_on(("numpy", "torch")),
            },
        )


if __name__ == "__main__":
    main(sys.argv[1:] or ["usps-mnist"])
