"""What staying near the start costs: a fine-tuning step with L2-SP, the plain step as the unit.

    LANDBRIDGE_DATA=... PYTHONPATH=src python benchmarks/pull_steps.py [--steps 60] [--repeats 5]

Both go through the training loop of a run, on MobileNetV2 at 96 pixels and on the small
convolutional net at 16: 32 rows a step. The two take turns; CPU time, one thread, median of the
repeats. Steps of MobileNetV2 differ by a tenth on a shared machine, so what the pull itself takes
is measured too, by itself.
"""

from __future__ import annotations

import argparse
import copy
import time
from typing import Any

import numpy as np
import torch

import harness
from landbridge.backbones.open import open_backbone
from landbridge.backbones.surgery import make_network
from landbridge.domains.examples import InputSpec
from landbridge.methods.core.network import PlanContext
from landbridge.methods.core.resolve import make_method
from landbridge.training.batches import Side
from landbridge.training.groups import Pull
from landbridge.training.loop import TrainingData, train

NETS = {"mobilenet_v2": (96, 3), "convnet": (16, 1)}
ROWS = 64


def seconds(method: str, name: str, steps: int) -> float:
    """Return the CPU seconds of a step of a method's last phase."""
    size, channels = NETS[name]
    opened = open_backbone(name, InputSpec("image", size, size, channels), seed=0)
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 255, (ROWS, *opened.preprocessing.shape)).astype(np.uint8)
    side = Side(inputs, np.arange(ROWS) % 4, np.ones(ROWS, bool))
    context = PlanContext(
        n_classes=4, n_source=0, n_target=ROWS, n_labelled=ROWS, pretrained=True, steps=steps
    )
    (*_, phase) = make_method(method).plan(context).phases
    network = make_network(opened, 4, seed=0)
    clock = time.process_time()
    train(network, (phase,), TrainingData(None, side, opened.preprocessing, 4), seed=0)
    return (time.process_time() - clock) / steps


def pull_seconds(name: str, repeats: int = 100) -> float:
    """Return the CPU seconds of one pull of a whole network by itself."""
    size, channels = NETS[name]
    opened = open_backbone(name, InputSpec("image", size, size, channels), seed=0)
    network = make_network(opened, 4, seed=0)
    start = copy.deepcopy(network)
    pull = Pull(network, start, torch.optim.AdamW(network.parameters(), lr=1e-3), 0.1)
    times = []
    for _ in range(repeats):
        clock = time.process_time()
        pull.apply()
        times.append(time.process_time() - clock)
    return float(np.median(times))


def main() -> None:
    """Measure and write ``results/pull_steps.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows: dict[str, Any] = {}
    for name in NETS:
        steps = asked.steps if name == "convnet" else max(4, asked.steps // 10)
        found: dict[str, list[float]] = {"finetune": [], "l2-sp": []}
        for _ in range(asked.repeats):
            for method, times in found.items():
                times.append(seconds(method, name, steps))
        ratios = np.array(found["l2-sp"]) / np.array(found["finetune"])
        rows[name] = {
            "steps": steps,
            "ms": {method: round(1e3 * float(np.median(t)), 2) for method, t in found.items()},
            "pull_ms": round(1e3 * pull_seconds(name), 3),
            "ratio": round(float(np.median(ratios)), 3),
            "ratios": [round(float(r), 3) for r in ratios],
        }
        print(name, rows[name], flush=True)
    harness.write_result(
        "pull_steps",
        {
            "name": "pull_steps",
            "kind": "pull steps",
            "title": "A fine-tuning step with L2-SP, the plain step as the unit",
            "threads": 1,
            "limit": 1.05,
            "nets": rows,
            **harness.ran_on(("torch",)),
        },
    )


if __name__ == "__main__":
    main()
