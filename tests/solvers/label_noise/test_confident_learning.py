"""Confident learning against counts made by hand and errors that were planted."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.methods.heads.out_of_fold import out_of_fold_probabilities
from landbridge.solvers.label_noise.confident_learning import confident_learning


def by_hand(p, labels):
    """Return the joint and how many labels are wrong by the paper's definition, row by row."""
    n, k = p.shape
    limits = [np.mean([p[i, j] for i in range(n) if labels[i] == j]) for j in range(k)]
    joint = np.zeros((k, k), int)
    for i in range(n):
        over = [j for j in range(k) if p[i, j] >= limits[j]]
        if over:
            best = max(over, key=lambda j: p[i, j])
            joint[labels[i], best] += 1
    scaled = joint / joint.sum(1, keepdims=True) * np.bincount(labels)[:, None]
    return joint, scaled.sum() - np.trace(scaled)


def drawn(n=300, k=4, seed=0):
    rng = np.random.default_rng(seed)
    p, labels = rng.dirichlet(np.full(k, 0.5), n), rng.integers(0, k, n)
    p[np.arange(n), labels] += 1.5
    return p / 2.5, labels


def test_the_joint_is_the_one_of_the_paper():
    p, labels = drawn()
    joint, expected = by_hand(p, labels)
    found = confident_learning(p, labels)
    np.testing.assert_array_equal(found.counts, joint)
    assert found.expected == pytest.approx(expected)
    assert len(found.rows) <= round(expected)
    assert joint.sum() < len(p)  # some rows reach no threshold, and are in no cell
    assert (np.diff(found.margin[found.rows]) <= 0).all()


def test_a_class_that_is_likelier_everywhere_is_held_to_its_own_mean():
    # the largest probability alone would call both rows of class 1 errors
    p = np.array([[0.95, 0.05], [0.95, 0.05], [0.6, 0.4], [0.6, 0.4]])
    found = confident_learning(p, np.array([0, 0, 1, 1]))
    assert found.rows.tolist() == []
    np.testing.assert_allclose(found.thresholds, [0.95, 0.4])


def test_the_order_of_rows_does_not_matter():
    p, labels = drawn(seed=1)
    order = np.random.default_rng(2).permutation(len(p))
    one, other = confident_learning(p, labels), confident_learning(p[order], labels[order])
    np.testing.assert_array_equal(np.sort(order[other.rows]), np.sort(one.rows))
    np.testing.assert_array_equal(one.counts, other.counts)


def test_a_class_without_rows_is_suggested_for_none_and_breaks_nothing():
    p, labels = drawn(k=3)
    labels[labels == 2] = 0
    found = confident_learning(p, labels)
    assert found.counts[:, 2].sum() == 0
    assert found.counts[2].sum() == 0
    assert np.isnan(found.thresholds[2])


@pytest.mark.parametrize(
    ("p", "labels", "said"),
    [
        (np.ones((3, 2)) / 2, [0, 1], "shape"),
        (np.ones((3, 1)), [0, 0, 0], "two classes"),
        (np.full((2, 2), np.nan), [0, 1], "finite"),
        (np.ones((2, 2)) / 2, [0, 2], "from 0 to 1"),
    ],
)
def test_what_is_wrong_is_said(p, labels, said):
    with pytest.raises(ValueError, match=said):
        confident_learning(p, np.array(labels))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [2, 3])
def test_planted_errors_are_found_where_classes_are_apart(dtype, k):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, k, 301)
    x = (rng.normal(size=(301, 5)) + 6 * np.eye(5)[truth]).astype(dtype)
    labels, wrong = truth.copy(), rng.permutation(301)[:30]
    labels[wrong] = (truth[wrong] + 1) % k
    p = out_of_fold_probabilities(x, labels, k)
    np.testing.assert_allclose(p.sum(1), 1)
    found = confident_learning(p, labels)
    hits = set(found.rows.tolist()) & set(wrong.tolist())
    assert len(hits) >= 27
    assert len(found.rows) - len(hits) <= 3
    first = found.rows[:20]
    assert set(first.tolist()) <= set(wrong.tolist())
    np.testing.assert_array_equal(found.suggested[first], truth[first])


def test_a_row_does_not_answer_for_itself():
    # 40 rows in 60 dimensions: a model that had seen them would know every label
    rng = np.random.default_rng(3)
    x, labels = rng.normal(size=(40, 60)), np.arange(40) % 2
    p = out_of_fold_probabilities(x, labels, 2)
    assert 0.2 < (p.argmax(1) == labels).mean() < 0.8
