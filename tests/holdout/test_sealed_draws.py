"""How many rows are drawn for judging, of which classes, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.base.errors import ConfigError
from landbridge.domains import read_domain, seal
from landbridge.domains.sealing import keep_labels


def domain_of(labels, **how):
    x = np.random.default_rng(0).normal(size=(len(labels), 3))
    return read_domain((x, labels), name="target", **how)


@pytest.mark.parametrize(
    ("counts", "fraction", "judged"),
    [
        ((20, 10), 0.3, (6, 3)),
        ((20, 10), 0.5, (10, 5)),
        ((5, 4, 3), 0.3, (2, 2, 2)),  # two at least, and one left to learn from
        ((9, 2, 1), 0.3, (3, 0, 0)),  # fewer than three: none is judged
        ((1, 12, 12, 2, 12), 0.9, (0, 11, 11, 0, 11)),
        ((4, 4), 0.99, (3, 3)),
    ],
)
def test_a_share_of_each_class(counts, fraction, judged):
    labels = [f"c{i}" for i, n in enumerate(counts) for _ in range(n)]
    own = seal(domain_of(labels), "use", fraction=fraction)
    index = np.repeat(np.arange(len(counts)), counts)
    assert tuple(np.bincount(index[own.test_mask], minlength=len(counts))) == judged
    assert own.labeled_mask.sum() == len(labels) - sum(judged)
    assert (own.held_out == own.test_mask).all()
    small = sum(0 < n < 3 for n in counts)
    said = [
        f"judged on {sum(judged)} of {len(labels)} labelled rows, drawn from each class with "
        "seed 0 and held out"
    ]
    if small:
        said.append(f"{small} classes have fewer than 3 labels: none of theirs is judged")
    assert own.notes[-len(said) :] == tuple(said)


def test_the_draw_is_that_of_earlier_versions():
    """Else a run that is made again is judged on rows that the old one learned from."""
    classes = seal(domain_of(["a", "b"] * 10), "use").test_mask
    assert np.flatnonzero(classes).tolist() == [0, 1, 6, 11, 15, 16]
    numbers = seal(
        domain_of([float(i) for i in range(20)], target_type="regression"), "use"
    ).test_mask
    assert np.flatnonzero(numbers).tolist() == [0, 3, 8, 10, 15, 17]


def test_how_few_are_too_few():
    own = seal(domain_of(["a", "b"] * 4), "use")  # four a class are enough
    assert own.test_mask.sum() == 4
    few = seal(domain_of(["a", "b"] * 3), "use")
    assert not few.test_mask.any()
    assert few.labeled_mask.all()
    assert few.notes[-1] == (
        "6 labels of 2 classes are too few to keep some for judging (at least 4 a class): all are "
        "learned from and nothing is judged"
    )


@pytest.mark.parametrize("answers", ["regression", "multilabel"])
def test_a_share_of_rows(answers):
    numbers = answers == "regression"
    labels = [float(i) if numbers else ("ab"[i % 2],) for i in range(40)]
    own = seal(domain_of(labels + [None] * 10, target_type=answers), "use", fraction=0.25, seed=5)
    again = seal(domain_of(labels + [None] * 10, target_type=answers), "use", fraction=0.25, seed=5)
    other = seal(domain_of(labels + [None] * 10, target_type=answers), "use", fraction=0.25, seed=6)
    assert (own.test_mask == again.test_mask).all()
    assert (own.test_mask != other.test_mask).any()
    assert not own.test_mask[40:].any()
    how = "over their range " if numbers else ""
    assert own.notes[-1] == (
        f"judged on {own.test_mask.sum()} of 40 labelled rows, drawn {how}with seed 5 and held out"
    )
    assert own.test_mask.sum() == pytest.approx(10, abs=2)
    if numbers:  # evenly over the range: each third of it has its share
        assert all(1 < part.sum() < 6 for part in np.array_split(own.test_mask[:40], 3))
    least = seal(domain_of(labels, target_type=answers), "use", fraction=0.001)
    own = domain_of(labels, target_type=answers)
    groups = own.target_type.strata(own.labels, own.labeled_mask)
    assert least.test_mask.sum() == 2 * len(np.unique(groups))  # two of each at least
    for n, drawn in ((8, True), (7, False)):
        some = seal(domain_of(labels[:n], target_type=answers), "use")
        assert some.test_mask.any() == drawn
    assert some.notes[-1].startswith("7 labels are too few to keep some for judging (at least 8)")


def test_labels_that_are_for_judging_only():
    labels = ["a", "b"] * 10
    own = seal(domain_of(labels), "judge")
    assert own.notes[-1] == (
        "all 20 labels are sealed for judging; the same rows are used without their labels"
    )
    split = np.where(np.arange(20) < 5, "test", "train")
    own = seal(domain_of(labels, split=split), "judge")
    assert own.notes[-2:] == (
        "judged on the 5 labelled rows of the test split, held out",
        "15 more labels are not used, for learning or for judging",
    )
    assert own.held_out.dtype == own.test_mask.dtype == bool
    every = seal(domain_of(labels, split=["test"] * 20), "judge")
    assert not every.held_out.any()
    assert every.held_out.dtype == bool
    few = keep_labels(domain_of(labels), np.arange(20) < 6)
    assert few.notes[-1] == "6 labels are kept to learn from, 14 sealed for judging"


def test_what_numbers_are_called_is_no_secret_and_their_values_are():
    numbers = domain_of([float(i) for i in range(1, 21)], target_type="regression")
    assert seal(numbers, "use").classes == ("value",)
    assert seal(numbers, "judge").classes == ()
    several = seal(domain_of([("a", "b"), ("b",)] * 10, target_type="multilabel"), "use")
    assert several.labels.dtype == np.uint8
    split = ["train"] * 10 + ["test"] * 10
    given = [("a", "b"), ("b",)] * 5 + [("a", "c")] * 10
    shown = seal(domain_of(given, target_type="multilabel", split=split), "use")
    assert (shown.classes, shown.labels.shape) == (("a", "b"), (20, 2))


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2.0])
def test_a_share_that_is_none(fraction):
    with pytest.raises(ConfigError, match="fraction to judge") as found:
        seal(domain_of(["a", "b"] * 10), "use", fraction=fraction)
    assert found.value.hint == "give a number between 0 and 1"
    with pytest.raises(ConfigError) as found:
        seal(domain_of(["a", "b"] * 10), "steal")  # type: ignore[arg-type]
    assert found.value.hint == "give 'use' or 'judge'"
