"""Repeated stratified folds over the target labels that may be used."""

from __future__ import annotations

import numpy as np

from ..base.seeds import numpy_rng
from ..domains.domain import Domain
from ..targets.registry import type_of_target
from ..training.batches import Side


def fold_rows(side: Side, repeat: int, fold: int, folds: int, seed: int) -> np.ndarray:
    """Return the rows of one fold: the same for every method.

    Within each class the rows are dealt in turn; the class's first fold is drawn, so that
    small classes do not all fall into the first folds. The only row of a class is in no fold: it
    is always learned from. Numbers are dealt from each tenth of their range, rows with several
    labels as they come. Rows of one group are in one fold.
    """
    held, first = compared_rows(side), _first_of_group(side)
    groups = type_of_target(side.labels).strata(side.labels, side.labeled_mask)
    rng = numpy_rng(seed, "folds", repeat)
    dealt = []
    for value in np.unique(groups[side.labeled_mask]):
        own = held & (first == np.arange(len(side))) & (groups == value)
        members = rng.permutation(np.flatnonzero(own))
        places = (np.arange(len(members)) + rng.integers(folds)) % folds
        dealt.append(members[places == fold])
    return np.flatnonzero(held & np.isin(first, np.concatenate(dealt)))


def without(side: Side, rows: np.ndarray) -> Side:
    """Return the side with the labels of some rows taken away."""
    keep = np.ones(len(side), bool)
    keep[rows] = False
    return side.only(keep)


def possible_folds(side: Side, wish: int) -> int:
    """Return how many folds the rarest class allows (0 where even two are too many).

    Classes of one row are left aside, see `compared_rows`; two others are needed. Without classes
    each fold has two rows at least. Rows of one group count once.
    """
    if not type_of_target(side.labels).exclusive:
        folds = min(wish, len(np.unique(_first_of_group(side)[compared_rows(side)])) // 2)
        return folds if folds >= 2 else 0
    counts = _counts(side)
    enough = counts[counts > 1]
    present = len(np.unique(side.labels[side.labeled_mask]))
    if len(enough) < min(2, present) or not len(enough):
        return 0
    return min(wish, int(enough.min()))


def compared_rows(side: Side) -> np.ndarray:
    """Return the labelled rows that folds hold out in turn, bool (n,).

    All but those that are learned from elsewhere as well (`learned_rows`), and those that are the
    only one of their class: held out, nothing would be left of it.
    """
    free = side.labeled_mask & ~learned_rows(side)
    if not type_of_target(side.labels).exclusive or not free.any():
        return free
    return np.asarray(free & (_counts(side)[np.where(free, side.labels, 0)] > 1))


def learned_rows(side: Side) -> np.ndarray:
    """Return the labelled rows that no fold may hold out, as the source has them too: bool (n,)."""
    if side.groups is None:
        return np.zeros(len(side), bool)
    return np.asarray(side.labeled_mask & (side.groups < 0))


def lone_rows(side: Side) -> int:
    """Return how many labelled rows no fold holds out, as nothing else is there of their class."""
    return int((side.labeled_mask & ~learned_rows(side) & ~compared_rows(side)).sum())


def _counts(side: Side) -> np.ndarray:
    """Return how many different rows each class has that may be held out."""
    free = np.flatnonzero(side.labeled_mask & ~learned_rows(side))
    pairs = np.stack([side.labels[free], _first_of_group(side)[free]], axis=1)
    most = int(side.labels[side.labeled_mask].max(initial=-1)) + 1
    return np.bincount(np.unique(pairs, axis=0)[:, 0], minlength=most)


def _first_of_group(side: Side) -> np.ndarray:
    """Return for each row the first labelled one of its group: itself where it is alone."""
    rows = np.arange(len(side))
    if side.groups is None:
        return rows
    own = np.flatnonzero(side.labeled_mask & (side.groups >= 0))
    _, first, place = np.unique(side.groups[own], return_index=True, return_inverse=True)
    rows[own] = own[first[place]]
    return rows


def alike_rows(domain: Domain, rows: np.ndarray) -> np.ndarray | None:
    """Return which of some rows may be alike, as a split rule said; None where none are."""
    return domain.blocks[rows] if domain.alike and domain.blocks is not None else None
