"""A multilayer perceptron that learned five digits gets a new head for the other five.

python examples/mlp_new_head.py [--small]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import landbridge

SMALL = "--small" in sys.argv

if __name__ == "__main__":
    x, y = load_digits(return_X_y=True)
    names = np.array([f"digit {label}" for label in y], dtype=object)
    old, new = y < 5, y >= 5
    labels = names[new].copy()
    shown = np.random.default_rng(0).permutation(new.sum()) < 400
    labels[~shown] = None  # most of the new digits have no label
    run = landbridge.transfer(
        (x[old], names[old]),
        (x[new], labels),
        backbone="mlp",
        method="head-only",
        seeds=1 if SMALL else 2,
        training={"source_steps": 100, "steps": 50}
        if SMALL
        else {"source_steps": 300, "steps": 150},
        out=Path(tempfile.mkdtemp()) / "run",
    )
    print(run.verdict["sentence"])
    print(f"new classes: {', '.join(run.classes)}")
    print(f"report: {run.report()}")
