"""Repeated stratified folds over the target labels that may be used."""

from __future__ import annotations

import numpy as np

from ..base.seeds import numpy_rng
from ..targets.base import type_of_target
from ..training.batches import Side


def fold_rows(side: Side, repeat: int, fold: int, folds: int, seed: int) -> np.ndarray:
    """Return the rows of one fold: the same for every method.

    Within each class the rows are dealt in turn; the class's first fold is drawn, so that
    small classes do not all fall into the first folds. The only row of a class is in no fold: it
    is always learned from. Numbers are dealt from each tenth of their range, rows with several
    labels as they come.
    """
    held = compared_rows(side)
    groups = type_of_target(side.labels).strata(side.labels, side.known)
    rng = numpy_rng(seed, "folds", repeat)
    rows = []
    for value in np.unique(groups[side.known]):
        members = rng.permutation(np.flatnonzero(held & (groups == value)))
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

    Classes of one row are left aside, see `compared_rows`; two others are needed. Without classes
    each fold has two rows at least.
    """
    if not type_of_target(side.labels).exclusive:
        folds = min(wish, int(side.known.sum()) // 2)
        return folds if folds >= 2 else 0
    counts = np.bincount(side.labels[side.known])
    enough = counts[counts > 1]
    if len(enough) < min(2, int((counts > 0).sum())) or not len(enough):
        return 0
    return min(wish, int(enough.min()))


def compared_rows(side: Side) -> np.ndarray:
    """Return the labelled rows that folds hold out in turn, bool (n,).

    All but those that are the only one of their class: held out, nothing would be left of it.
    """
    if not type_of_target(side.labels).exclusive or not side.known.any():
        return side.known
    counts = np.bincount(side.labels[side.known])
    return np.asarray(side.known & (counts[np.where(side.known, side.labels, 0)] > 1))
