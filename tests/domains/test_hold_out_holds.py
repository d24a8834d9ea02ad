"""What is kept aside, for any labels: disjoint, of each class its share, never a class whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels, seal
from landbridge.runs.folds import fold_rows, possible_folds, without
from landbridge.solvers.folds import stratified_folds
from landbridge.training.batches import Side
from properties import holds

SEEDS = st.integers(0, 1000)
CLASSES = st.lists(st.integers(-1, 4), min_size=12, max_size=60)
"""-1: no label."""


def domain_of(labels, splits=None):
    """Return rows that tell themselves apart, some of them without a label."""
    x = np.arange(2.0 * len(labels)).reshape(-1, 2)
    names = [None if k < 0 else "abcde"[k] for k in labels]
    domain = read_domain((x, names), target_type="multiclass")
    if splits is None:
        return domain
    held_out, validation = (np.array([s == name for s in splits]) for name in ("test", "val"))
    return replace(domain, held_out=held_out, validation=validation)


def check_kept_apart(before, after):
    """Nothing judged is known, and no label of the rest is another or is lost on the way."""
    assert not (after.labeled_mask & after.test_mask).any()
    assert not (after.labeled_mask & ~before.labeled_mask).any()
    assert not (after.test_mask & ~before.labeled_mask).any()
    names = (
        np.array(after.classes, object)[after.labels[after.labeled_mask]] if after.classes else []
    )
    assert list(names) == list(np.array(before.classes, object)[before.labels[after.labeled_mask]])
    assert set(after.classes) == set(names)  # a class that is only judged has no name
    assert not after.labels[~after.labeled_mask].any()
    assert (after.sealed is None) == (not after.test_mask.any())
    assert after.sealed is None or after.sealed.count == after.test_mask.sum()
    training = after.for_training()
    assert training.sealed is None
    assert not training.test_mask.any()


@holds(
    labels=CLASSES.filter(lambda found: max(found) >= 0),
    fraction=st.floats(0.05, 0.95),
    seed=SEEDS,
)
def test_a_share_of_each_class_is_judged(labels, fraction, seed):
    before = domain_of(labels)
    after = seal(before, "use", fraction, seed)
    check_kept_apart(before, after)
    assert np.array_equal(after.test_mask, seal(before, "use", fraction, seed).test_mask)
    assert np.array_equal(after.test_mask, after.held_out)
    assert np.array_equal(after.labeled_mask | after.test_mask, before.labeled_mask)
    if not after.test_mask.any():
        return
    for k in range(len(before.classes)):
        of_class = before.labeled_mask & (before.labels == k)
        n, taken = int(of_class.sum()), int((after.test_mask & of_class).sum())
        if n < 3:
            assert taken == 0
        else:
            assert 2 <= taken < n
            assert abs(taken - fraction * n) <= 0.5 or taken in (2, n - 1)


@holds(labels=CLASSES.filter(lambda found: max(found) >= 0), data=st.data())
def test_splits_of_the_data_and_policies(labels, data):
    splits = data.draw(
        st.lists(
            st.sampled_from(["train", "val", "test"]), min_size=len(labels), max_size=len(labels)
        )
    )
    before = domain_of(labels, splits)
    for policy in ("use", "judge"):
        after = seal(before, policy)
        check_kept_apart(before, after)
        test = before.labeled_mask & before.held_out
        val = before.labeled_mask & before.validation & ~before.held_out
        if test.any() or val.any():
            assert np.array_equal(after.test_mask, test if test.any() else val)
        if policy == "judge":
            assert not after.labeled_mask.any()
        assert not (after.test_mask & after.labeled_mask).any()
        assert not (after.test_mask & after.validation).any()


@holds(labels=CLASSES.filter(lambda found: max(found) >= 0), seed=SEEDS)
def test_the_few_labels_that_are_kept(labels, seed):
    before = domain_of(labels)
    keep = np.random.default_rng(seed).random(len(labels)) < 0.4
    after = keep_labels(before, keep)
    check_kept_apart(before, after)
    assert np.array_equal(after.labeled_mask, before.labeled_mask & keep)
    assert np.array_equal(after.test_mask, before.labeled_mask & ~keep)


@holds(labels=st.lists(st.integers(0, 5), min_size=1, max_size=60), folds=st.integers(2, 7))
def test_stratified_folds_hold_each_row_once_and_each_class_evenly(labels, folds):
    labels = np.array(labels)
    found = stratified_folds(labels, folds, np.random.default_rng(0))
    assert set(found) <= set(range(folds))
    for members in [np.ones(len(labels), bool), *(labels == k for k in np.unique(labels))]:
        sizes = np.bincount(found[members], minlength=folds)
        assert sizes.max() - sizes.min() <= 1


@holds(labels=CLASSES, seed=SEEDS, repeat=st.integers(0, 3), wish=st.integers(2, 6))
def test_folds_of_a_race(labels, seed, repeat, wish):
    labels = np.array(labels)
    known = labels >= 0
    side = Side(np.zeros((len(labels), 1)), np.maximum(labels, 0), known)
    folds = possible_folds(side, wish)
    assert folds <= wish
    if not folds:
        return
    parts = [fold_rows(side, repeat, fold, folds, seed) for fold in range(folds)]
    rows = np.concatenate(parts)
    assert len(set(rows)) == len(rows)  # in one fold each
    counts = np.bincount(labels[known], minlength=5)
    alone = known & (counts[labels] == 1)
    assert set(rows) == set(np.flatnonzero(known & ~alone))
    for k in range(5):
        sizes = [int((labels[part] == k).sum()) for part in parts]
        assert max(sizes) - min(sizes) <= 1
    for part in parts:
        rest = without(side, part)
        assert not rest.labeled_mask[part].any()
        assert set(labels[rest.labeled_mask]) == set(labels[known])  # no class is held out whole
