"""Splits and changes of real rows, each a shift of one known kind."""

from __future__ import annotations

import numpy as np


def halves(x, y, seed=0):
    """Two random halves: no shift at all."""
    order = np.random.default_rng(seed).permutation(len(x))
    a, b = order[: len(x) // 2], order[len(x) // 2 :]
    return x[a], y[a], x[b], y[b]


def fewer_of(x, y, classes, share, seed=0):
    """Only a share of some classes' rows."""
    rng = np.random.default_rng(seed)
    keep = ~np.isin(y, classes) | (rng.random(len(y)) < share)
    return x[keep], y[keep]


def selected(x, y, seed=1, strength=1.5):
    """Split by chance that follows the main direction inside classes: covariate shift."""
    z = (x - x.mean(0)) / (x.std(0) + 1e-9)
    inside = (
        z - np.stack([z[y == c].mean(0) for c in np.unique(y)])[np.searchsorted(np.unique(y), y)]
    )
    _, _, axes = np.linalg.svd(inside, full_matrices=False)
    along = inside @ axes[0]
    rng = np.random.default_rng(seed)
    first = rng.random(len(x)) < 1 / (1 + np.exp(-strength * along / along.std()))
    return x[first], y[first], x[~first], y[~first]
