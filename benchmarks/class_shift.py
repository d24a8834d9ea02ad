"""Digits whose classes are shifted: which methods hurt there, beside source only.

Versions of the JDA pairs, target without labels, transductive, at the last step:

- balanced: the pair as it is;
- label shift: of the target's digits 0 to 4 one in ten is kept, of 5 to 9 all;
- partial: the target has the digits 0 to 4 only, the source all ten.

    python benchmarks/class_shift.py [usps-mnist] [mnist-usps] [--seeds 3] [--steps 200]

Source-only networks are trained once a seed, for 400 steps, and every method goes on from them.
"""

from __future__ import annotations

import argparse
import copy
import time
from typing import Any

import numpy as np

import data
import harness
from landbridge.backbones.open import open_backbone
from landbridge.backbones.surgery import Network, make_network
from landbridge.base.seeds import numpy_rng
from landbridge.domains.modalities.base import InputSpec
from landbridge.domains.read import read_domain
from landbridge.methods.core.network import PlanContext
from landbridge.methods.core.resolve import make_method
from landbridge.training.batches import Side
from landbridge.training.inputs import run_network
from landbridge.training.loop import TrainingData, train

PAIRS = {"usps-mnist": "USPS_vs_MNIST", "mnist-usps": "MNIST_vs_USPS"}
METHODS = (
    "mcc",
    "infomax",
    "infomax+consistency",
    "dann",
    "pada",
    "pseudo-label",
    "fixmatch",
    "flexmatch",
    "debiasmatch",
    "dst",
    "shot",
    "aad",
    "nrc",
)
VERSIONS = ("balanced", "label shift", "partial")
SOURCE_STEPS = 400


class Pair:
    """A pair of domains, one version of its target, and the source-only networks of its seeds."""

    def __init__(self, name: str, version: str, steps: int) -> None:
        xs, ys, xt, yt = data.jda_pair(PAIRS[name])
        kept = version_rows(yt, version)
        xt, self.truth = xt[kept], yt[kept]
        domains = [read_domain((xs, ys), name="source"), read_domain((xt, None), name="target")]
        hint = InputSpec("image", *domains[0].examples.shape_hint())
        self.opened = [open_backbone("convnet", hint, seed=seed) for seed in range(10)]
        prepared = [self.opened[0].preprocessing.prepare(d.examples) for d in domains]
        n = len(xt)
        self.source = Side(prepared[0], ys.astype(np.int64), np.ones(len(ys), bool))
        self.target = Side(prepared[1], np.zeros(n, np.int64), np.zeros(n, bool))
        self.context = PlanContext(
            n_classes=10,
            n_source=len(ys),
            n_target=n,
            steps=steps or None,
            source_steps=SOURCE_STEPS,
        )
        self.labeled_mask: dict[int, Network] = {}

    def data(self) -> TrainingData:
        return TrainingData(self.source, self.target, self.opened[0].preprocessing, 10)

    def source_only(self, seed: int) -> Network:
        """Return the network trained on the source, the same for all methods of a seed."""
        if seed not in self.labeled_mask:
            network = make_network(copy.copy(self.opened[seed]), 10, seed=seed)
            phases = make_method("source-only").plan(self.context).phases
            train(network, phases, self.data(), seed=seed)
            self.labeled_mask[seed] = network
        return copy.deepcopy(self.labeled_mask[seed])

    def accuracy(self, network: Network) -> float:
        """Return the share of the target's rows that are answered right."""
        found = run_network(network, self.target.inputs, self.opened[0].preprocessing)[1]
        return float((found.argmax(1) == self.truth).mean())

    def fit(self, name: str, seed: int, options: dict[str, Any] | None = None) -> dict[str, float]:
        """Adapt with one method; return its accuracy and CPU time."""
        network = self.source_only(seed)
        clock = time.process_time()
        if name != "source-only":
            phases = make_method(name, options).plan(self.context).phases
            train(network, phases, self.data(), seed=seed)
        return {"accuracy": self.accuracy(network), "cpu_s": time.process_time() - clock}


def version_rows(labels: np.ndarray, version: str) -> np.ndarray:
    """Return which target rows a version keeps."""
    few = labels < 5
    if version == "partial":
        return np.flatnonzero(few)
    if version == "label shift":
        kept = numpy_rng("class shift").random(len(labels)) < 0.1
        return np.flatnonzero(~few | kept)
    return np.arange(len(labels))


def main() -> None:
    """Fit everything and keep it under results/."""
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs", nargs="*", default=["usps-mnist"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--versions", nargs="*", default=list(VERSIONS[1:]))
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    given = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    for name in given.pairs:
        found: dict[str, Any] = {}
        for version in given.versions:
            pair = Pair(name, version, given.steps)
            rows = {}
            for method in ("source-only", *given.methods):
                fits = [pair.fit(method, seed) for seed in range(given.seeds)]
                rows[method] = {
                    "accuracy": [round(fit["accuracy"], 4) for fit in fits],
                    "cpu_s": round(float(np.mean([fit["cpu_s"] for fit in fits])), 2),
                }
                print(name, version, method, rows[method], flush=True)
            found[version] = {"rows": len(pair.truth), "methods": rows}
        if given.dry:
            continue
        source, target = (part.upper() for part in name.split("-"))
        harness.write_result(
            f"class_shift_{name.replace('-', '_')}",
            {
                "name": f"class_shift_{name.replace('-', '_')}",
                "kind": "class-shift",
                "title": f"Shifted classes, {source} → {target}, {given.steps} steps, no labels",
                "seeds": given.seeds,
                "steps": given.steps,
                "versions_of_target": found,
                **harness.ran_on(("numpy", "torch")),
            },
        )


if __name__ == "__main__":
    main()
