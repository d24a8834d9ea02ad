"""A net that knows six classes of CIFAR-10 meets the other four: a map of its features.

    python examples/cifar_feature_mapping.py [--small]

The net stands still; on its features h a new linear layer W h + b is fitted in closed form
("probe"), and beside it a new head by gradient. Without LANDBRIDGE_DATA: scikit-learn's digits,
0 to 5 and the rest. Two thousand images and few steps, so that it takes a minute: more of both give
better features.
"""

import io
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import landbridge

SMALL = "--small" in sys.argv
ROOT = Path(os.environ.get("LANDBRIDGE_DATA", "nowhere")) / "cifar10"
KNOWN = 6
ROWS = 2000


def images() -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 images and their class numbers."""
    files = sorted(ROOT.glob("*train*.parquet"))
    if not files or SMALL:
        from sklearn.datasets import load_digits

        found = load_digits()
        return np.uint8(found.images * 15), found.target
    import pyarrow.parquet as pq

    table = pq.read_table(files[0]).slice(0, ROWS).to_pydict()
    decoded = [np.asarray(Image.open(io.BytesIO(item["bytes"]))) for item in table["img"]]
    return np.stack(decoded), np.array(table["label"])


if __name__ == "__main__":
    x, y = images()
    names = np.array([f"class {label}" for label in y])
    old, new = y < KNOWN, y >= KNOWN
    for method in ("probe", "head-only"):
        run = landbridge.transfer(
            (x[old], names[old]),
            (x[new], names[new]),
            backbone="convnet",
            method=method,
            seeds=1,
            training={"source_steps": 60 if SMALL else 200, "steps": 60 if SMALL else 100},
            out=Path(tempfile.mkdtemp()) / method,
        )
        print(f"{method}: {run.verdict['sentence']}")
        print(f"report: {run.report()}")
