"""MNIST → USPS in three ways: by parameters, by features, by structure.

Parameters: all weights start from the source's. Features: a map g(x) = W x + b of the target's
features to the source's, whose classifier stays. Structure: early stages are kept as they are,
later ones begin afresh. With LANDBRIDGE_DATA: the JDA pair; else, and with
--small, printed and handwritten digits.
"""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np

import landbridge

SMALL = "--small" in sys.argv
PAIR = Path(os.environ.get("LANDBRIDGE_DATA", "nowhere")) / "jda_pairs" / "MNIST_vs_USPS.mat"
LABELS = 10  # a class


def digits():
    if not PAIR.is_file() or SMALL:
        source = landbridge.read_domain("sample:font-digits", max_rows=600)
        target = landbridge.read_domain("sample:digits", max_rows=600)
        images, names = target.examples.pixels, np.array(target.classes, object)[target.labels]
    else:
        from scipy.io import loadmat

        found = loadmat(PAIR)
        sides = [
            np.uint8(255 * found[k].reshape(16, 16, -1).T.clip(0, 1)) for k in ("X_src", "X_tar")
        ]
        source = (sides[0], found["Y_src"].ravel().astype(str))
        images, names = sides[1], found["Y_tar"].ravel().astype(str).astype(object)
    few = names.copy()
    for name in set(names):
        few[np.flatnonzero(names == name)[LABELS:]] = None
    return source, (images, few), names


if __name__ == "__main__":
    source, target, truth = digits()
    hidden = np.array([label is None for label in target[1]])
    ways = {"parameters": "finetune", "features": "feature-map", "structure": "structure"}
    for way, method in ways.items():
        run = landbridge.transfer(
            source,
            target,
            backbone="convnet",
            method=method,
            seeds=1,
            training={"source_steps": 60 if SMALL else 300, "steps": 30 if SMALL else 100},
            out=Path(tempfile.mkdtemp()) / way,
        )
        right = (run.model.predict(target[0])[hidden] == truth[hidden]).mean()
        print(f"by {way} ({method}): {100 * right:.1f} % of the rows without a label")
