"""A number instead of classes: by how many degrees a digit is turned, no target label.

    LANDBRIDGE_DATA=... python benchmarks/angles.py

The JDA pairs with every digit turned by an angle drawn from −45 to 45 degrees, which is the label.
Source and target differ as MNIST and USPS do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import rotate

import data
from adaptation import table, unlabelled
from grid import Job
from landbridge.base.seeds import numpy_rng

METHODS = (
    *("source-only", "coral", "deep-coral", "dan", "dann", "afn", "rsd", "dann+rsd"),
    *("dan+rsd",),
)
WIDEST = 45.0


def turned(images: np.ndarray, *where: object) -> tuple[np.ndarray, np.ndarray]:
    """Return the images, each turned by an angle of its own, and the angles in degrees."""
    angles = numpy_rng("angles", *where).uniform(-WIDEST, WIDEST, len(images))
    pairs = zip(images, angles, strict=True)
    out = [rotate(image, angle, axes=(0, 1), reshape=False, order=1) for image, angle in pairs]
    return np.stack(out), angles


def jobs() -> Iterator[Job]:
    """Yield both pairs."""
    for pair in ("USPS_vs_MNIST", "MNIST_vs_USPS"):
        xs, _, xt, _ = data.jda_pair(pair)
        name = f"turned digits, {pair.replace('_vs_', ' → ')}"
        yield unlabelled(name, turned(xs, pair, "source"), turned(xt, pair, "target"))


if __name__ == "__main__":
    table("angles", "By how many degrees a digit is turned, no target label", list(jobs()), METHODS)
