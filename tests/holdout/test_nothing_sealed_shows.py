"""What training can see of a domain is the same, byte for byte, whatever the sealed labels are."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from landbridge.domains import Domain, read_domain, seal
from landbridge.domains.sealing import keep_labels

N = 40
HELD = np.arange(N) >= 25
SPLITS = {
    "test": np.where(HELD, "test", "train"),
    "val": np.where(HELD, "val", "train"),
    "both": np.where(HELD, "test", np.where(np.arange(N) < 5, "val", "train")),
    "none": None,
}
ANSWERS = {
    "multiclass": (["ant", "bee"], ["zebra", "yak"]),
    "regression": ([1.5, 2.5], [7654321.25, 9876543.75]),
    "multilabel": ([("ant",), ("ant", "bee")], [("zebra", "ant"), ("yak",)]),
}


def labels(answers: str, sealed: np.ndarray | None = None) -> list:
    usual, strange = ANSWERS[answers]
    hidden = np.zeros(N, bool) if sealed is None else sealed
    return [(strange if hidden[i] else usual)[i % 2] for i in range(N)]


def domain(answers: str, split: str, sealed: np.ndarray | None = None) -> Domain:
    x = np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)
    return read_domain(
        (x, labels(answers, sealed)), split=SPLITS[split], name="target", target_type=answers
    )


def shown(target: Domain) -> bytes:
    """Return all that a worker process is given: the rows to learn from, and the rows to answer."""
    return pickle.dumps((target.for_training(), target.for_evaluation()))


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize(
    ("policy", "split"),
    [
        ("use", "test"),
        ("use", "val"),
        ("use", "both"),
        ("judge", "test"),
        ("judge", "val"),
        ("judge", "none"),
    ],
)
def test_no_sealed_label_is_in_what_training_can_see(answers, policy, split):
    own = seal(domain(answers, split), policy)
    other = seal(domain(answers, split, own.test_mask), policy)
    assert np.array_equal(own.test_mask, other.test_mask)
    assert own.test_mask.any()
    assert shown(own) == shown(other)
    for target in (own, other):
        text = shown(target)
        for name in (b"zebra", b"yak", np.float64(7654321.25).tobytes()):
            assert name not in text
    assert not {"zebra", "yak"} & set(other.classes)
    assert np.array_equal(own.labels, other.labels)


@pytest.mark.parametrize("answers", ANSWERS)
def test_a_share_that_is_drawn_is_sealed_whole(answers):
    """The draw looks at classes, so a strange class is judged alone; none of it is left."""
    own = seal(domain(answers, "none"), "use", seed=3)
    assert own.held_out.sum() == own.test_mask.sum() == 12
    assert own.labeled_mask.sum() == N - 12
    assert not own.labels[own.test_mask].any()
    assert own.labels[own.labeled_mask].any()
    given = labels(answers)
    code = np.array([value == ANSWERS[answers][0][1] for value in given])
    assert code[own.test_mask].any()
    assert not code[own.test_mask].all()


@pytest.mark.parametrize("answers", ANSWERS)
def test_few_labels_that_are_kept_hide_the_others(answers):
    keep = np.arange(N) < 10
    own = keep_labels(domain(answers, "none"), keep)
    other = keep_labels(domain(answers, "none", ~keep), keep)
    assert own.labeled_mask.sum() == 10
    assert shown(own) == shown(other)
    assert not {"zebra", "yak"} & set(other.classes)
