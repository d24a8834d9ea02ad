"""Nearest neighbours: against float64 distances written out, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from landbridge.solvers.nearest.neighbours import Near, nearest, vote


def by_hand(rows, anchors, k, metric="euclidean", leave_out=False):
    """All distances in float64; of equal ones the first anchor."""
    x, a = rows.astype(np.float64), anchors.astype(np.float64)
    if metric == "cosine":
        x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-300)
        a = a / np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-300)
        distance = np.maximum(1 - (x[:, None] * a).sum(2), 0)
    else:
        distance = np.sqrt(((x[:, None] - a) ** 2).sum(2))
    if leave_out:
        np.fill_diagonal(distance, np.inf)
    order = np.argsort(distance, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(distance, order, axis=1)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize(("m", "n", "d", "k"), [(70, 300, 5, 4), (30, 500, 80, 1), (1, 7, 40, 7)])
@pytest.mark.parametrize("change", ["plain", "offset", "times 1000", "float32", "tiny"])
def test_exact(m, n, d, k, metric, change):
    rng = np.random.default_rng(0)
    rows, anchors = rng.normal(size=(m, d)), rng.normal(size=(n, d))
    if change == "offset":
        rows, anchors = rows + 1e4, anchors + 1e4
    elif change == "times 1000":
        rows, anchors = rows * 1000, anchors * 1000
    elif change == "tiny":
        rows, anchors = rows * 1e-30, anchors * 1e-30
    elif change == "float32":
        rows, anchors = rows.astype(np.float32), anchors.astype(np.float32)
    before = rows.copy(), anchors.copy()
    near = nearest(rows, anchors, k, metric=metric)
    index, distance = by_hand(rows, anchors, k, metric)
    np.testing.assert_allclose(near.distance, distance, rtol=1e-9, atol=1e-13)
    if not (metric == "cosine" and change == "offset"):  # differences below float64's rounding
        np.testing.assert_array_equal(near.index, index)
    assert np.array_equal(before[0], rows)
    assert np.array_equal(before[1], anchors)


def test_ties_go_to_the_first():
    """scikit-learn leaves open which of equally near rows it gives: distances must agree."""
    rng = np.random.default_rng(1)
    anchors = rng.integers(0, 4, size=(400, 3)).astype(float)  # every distance is exact
    rows = rng.integers(0, 4, size=(60, 3)).astype(float)
    near = nearest(rows, anchors, 6)
    index, _ = by_hand(rows, anchors, 6)
    np.testing.assert_array_equal(near.index, index)
    theirs = NearestNeighbors(n_neighbors=6, algorithm="brute").fit(anchors).kneighbors(rows)
    np.testing.assert_allclose(near.distance, theirs[0])
    free = near.distance < near.distance[:, -1:]  # nearer than the last: no choice
    for ours, other, sure in zip(near.index, theirs[1], free, strict=True):
        assert set(ours[sure]) <= set(other)


def test_copies_of_one_row_are_all_equally_near():
    anchors = np.repeat(np.random.default_rng(2).normal(size=(3, 50)), 400, axis=0)
    near = nearest(anchors[[0, 500]] + 0.01, anchors, 5)
    np.testing.assert_array_equal(near.index, [[0, 1, 2, 3, 4], [400, 401, 402, 403, 404]])


def test_leaving_out():
    x = np.random.default_rng(3).normal(size=(90, 4))
    near = nearest(x, x, 3, leave_out=True)
    np.testing.assert_array_equal(near.index, by_hand(x, x, 3, leave_out=True)[0])


def test_zero_rows_have_cosine_distance_1():
    near = nearest(np.zeros((1, 3)), np.eye(3), 2, metric="cosine")
    assert near.distance.tolist() == [[1, 1]]
    assert near.index.tolist() == [[0, 1]]


@pytest.mark.parametrize("weighting", ["uniform", "distance"])
def test_votes_are_scikit_learns_probabilities(weighting):
    rng = np.random.default_rng(4)
    anchors, labels = rng.normal(size=(300, 6)), rng.integers(0, 4, 300)
    rows = np.concatenate([rng.normal(size=(50, 6)), anchors[:5]])
    ours = vote(nearest(rows, anchors, 7), labels, 4, weighting=weighting)
    model = KNeighborsClassifier(7, weights=weighting, algorithm="brute").fit(anchors, labels)
    np.testing.assert_allclose(ours, model.predict_proba(rows), atol=1e-7)


def test_votes_with_weights():
    near = Near(np.array([[0, 1, 2]]), np.array([[1.0, 1.0, 1.0]]))
    labels = np.array([0, 1, 1])
    np.testing.assert_allclose(vote(near, labels, 3, weights=[2, 1, 1]), [[0.5, 0.5, 0]])
    np.testing.assert_allclose(vote(near, labels, 3, weights=[0, 0, 0]), [[1 / 3] * 3])


def test_vanishing_distances_count_as_none():
    near = Near(np.array([[0, 1]]), np.array([[1e-310, 1.0]]))
    assert vote(near, np.array([1, 0]), 2, weighting="distance").tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 0}, "between"),
        ({"k": 5}, "between"),
        ({"k": 4, "leave_out": True}, "between"),
        ({"rows": np.ones((2, 3))}, "fit together"),
        ({"rows": np.full((4, 2), np.nan)}, "finite"),
        ({"metric": "other"}, "metric"),
        ({"rows": np.ones((2, 2)), "leave_out": True}, "themselves"),
    ],
)
def test_refuses(change, message):
    given = {"rows": np.eye(4)[:, :2], "anchors": np.eye(4)[:, :2], "k": 1} | change
    with pytest.raises(ValueError, match=message):
        nearest(**given)
