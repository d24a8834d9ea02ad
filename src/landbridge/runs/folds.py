"""Repeated stratified folds over the target labels that may be used."""

from __future__ import annotations

import numpy as np

from ..base.seeds import numpy_rng
from ..domains.answers import kind_of, strata
from ..training.batches import Side


def fold_rows(side: Side, repeat: int, fold: int, folds: int, seed: int) -> np.ndarray:
    """Return the rows of one fold: the same for every method.

    Within each class the rows are dealt in turn; the class's first fold is drawn, so that
    small classes do not all fall into the first folds. Numbers are dealt from each tenth of
    their range, rows with several labels as they come.
    """
    groups = strata(side.labels, side.known)
    rng = numpy_rng(seed, "folds", repeat)
    rows = []
    for value in np.unique(groups[side.known]):
        members = rng.permutation(np.flatnonzero(side.known & (groups == value)))
        places = (np.arange(len(members)) + rng.integers(folds)) % folds
        rows.append(members[places == fold])
    return np.sort(np.concatenate(rows))


def without(side: Side, rows: np.ndarray) -> Side:
    """Return the side with the labels of some rows taken away."""
    keep = np.ones(len(side), bool)
    keep[rows] = False
    return side.only(keep)


def possible_folds(side: Side, wish: int) -> int:
    """Return how many folds the rarest class allows (0 where even two are too many).

    Without classes each fold has two rows at least.
    """
    if kind_of(side.labels) != "classes":
        folds = min(wish, int(side.known.sum()) // 2)
        return folds if folds >= 2 else 0
    counts = np.bincount(side.labels[side.known])
    least = int(counts[counts > 0].min()) if side.known.any() else 0
    return min(wish, least) if least >= 2 else 0
