"""Repeated stratified folds over the target labels that may be used."""

from __future__ import annotations

import numpy as np

from ..base.seeds import numpy_rng
from ..training.batches import Side


def fold_rows(side: Side, repeat: int, fold: int, folds: int, seed: int) -> np.ndarray:
    """Return the rows of one fold: the same for every method.

    Within each class the rows are dealt in turn; the class's first fold is drawn, so that
    small classes do not all fall into the first folds.
    """
    rng = numpy_rng(seed, "folds", repeat)
    rows = []
    for value in np.unique(side.labels[side.known]):
        members = rng.permutation(np.flatnonzero(side.known & (side.labels == value)))
        places = (np.arange(len(members)) + rng.integers(folds)) % folds
        rows.append(members[places == fold])
    return np.sort(np.concatenate(rows))


def possible_folds(side: Side, wish: int) -> int:
    """Return how many folds the rarest class allows (0 where even two are too many)."""
    counts = np.bincount(side.labels[side.known])
    least = int(counts[counts > 0].min()) if side.known.any() else 0
    return min(wish, least) if least >= 2 else 0
