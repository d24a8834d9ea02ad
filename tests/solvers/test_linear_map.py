"""Linear maps between feature spaces against closed forms and known answers."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.solvers.mapping.linear_map import (
    least_squares_map,
    low_rank_map,
    matched_map,
    orthogonal_map,
)
from landbridge.solvers.mapping.unpaired_map import axes_map, class_mean_pairs, matching_map


def noisy(n=60, d=5, k=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) + 2
    return x, x @ rng.normal(size=(d, k)) + rng.normal(size=(n, k)) - 1, rng.uniform(0.1, 2, n)


def rotation(d, seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]


@pytest.mark.parametrize("ridge", [0.0, 3.0])
def test_least_squares_has_a_zero_gradient(ridge):
    x, y, w = noisy()
    found = least_squares_map(x, y, ridge=ridge, weights=w)
    residual = y - found(x)
    np.testing.assert_allclose(w @ residual, 0, atol=1e-10)
    gradient = (x - w @ x / w.sum()).T @ (w[:, None] * residual) - ridge * found.matrix
    np.testing.assert_allclose(gradient, 0, atol=1e-9)


def test_least_squares_of_few_rows_is_the_shortest():
    x, y, _ = noisy(n=4, d=9)
    found = least_squares_map(x, y)
    np.testing.assert_allclose(found(x), y, atol=1e-10)
    np.testing.assert_allclose(found.matrix, np.linalg.pinv(x - x.mean(0)) @ (y - y.mean(0)))
    one = least_squares_map(x[:1], y[:1])
    np.testing.assert_allclose(one(x), np.tile(y[0], (4, 1)))


@pytest.mark.parametrize("ridge", [0.0, 2.0])
def test_low_rank_is_the_best_of_its_rank(ridge):
    x, y, w = noisy(d=4, k=4)

    def loss(matrix):
        zx, zy = x - w @ x / w.sum(), y - w @ y / w.sum()
        return (w[:, None] * (zx @ matrix - zy) ** 2).sum() + ridge * (matrix**2).sum()

    found = low_rank_map(x, y, 2, ridge=ridge, weights=w).matrix
    assert np.linalg.matrix_rank(found) == 2
    rng = np.random.default_rng(0)
    left, _, _ = np.linalg.svd(found)
    for _ in range(300):  # other matrices of rank 2, near and far
        step = 10.0 ** rng.uniform(-4, 0)
        a = left[:, :2] + step * rng.normal(size=(4, 2))
        b = np.linalg.lstsq(a, found, rcond=None)[0] + step * rng.normal(size=(2, 4))
        assert loss(a @ b) >= loss(found) - 1e-9
    full = low_rank_map(x, y, 9, ridge=ridge, weights=w).matrix
    np.testing.assert_allclose(
        full, least_squares_map(x, y, ridge=ridge, weights=w).matrix, atol=1e-9
    )
    np.testing.assert_allclose(
        low_rank_map(x, y, 0, weights=w)(x), np.tile(w @ y / w.sum(), (60, 1))
    )


def test_procrustes_recovers_a_rotation():
    x, turn = noisy()[0], rotation(5, 3)
    found = orthogonal_map(x, x @ turn + 4)
    np.testing.assert_allclose(found.matrix, turn, atol=1e-10)
    np.testing.assert_allclose(found(x), x @ turn + 4)
    scaled = orthogonal_map(x, 2.5 * x @ turn + 4, scale=True)
    np.testing.assert_allclose(scaled.matrix, 2.5 * turn, atol=1e-10)
    wider = np.hstack([x @ turn, np.full((60, 2), 7.0)])
    np.testing.assert_allclose(orthogonal_map(x, wider)(x), wider, atol=1e-9)


def test_procrustes_into_fewer_columns_is_orthonormal_and_a_minimum():
    x, y, w = noisy(d=5, k=2)
    found = orthogonal_map(x, y, weights=w, tolerance=1e-14, max_steps=5000)
    np.testing.assert_allclose(found.matrix.T @ found.matrix, np.eye(2), atol=1e-10)

    def loss(matrix):
        zx, zy = x - w @ x / w.sum(), y - w @ y / w.sum()
        return (w[:, None] * (zx @ matrix - zy) ** 2).sum()

    rng = np.random.default_rng(0)
    best = loss(found.matrix)
    for _ in range(200):
        near = np.linalg.qr(found.matrix + 1e-3 * rng.normal(size=(5, 2)))
        assert loss(near[0] * np.sign(np.diag(near[1]))) >= best - 1e-9


def test_matched_map_recovers_a_known_map_between_dimensions():
    rng = np.random.default_rng(2)
    x, matrix, offset = rng.normal(size=(80, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
    found, strength, error = matched_map(x, x @ matrix + offset, [1e-8, 1.0, 1e4])
    assert strength == 1e-8
    assert error < 1e-12
    np.testing.assert_allclose(found.matrix, matrix, atol=1e-7)
    np.testing.assert_allclose(found.offset, offset, atol=1e-7)


def test_matched_map_stays_at_its_base_where_rows_say_nothing():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(12, 20))
    found, strength, _ = matched_map(x, x + 2 + rng.normal(size=x.shape), np.logspace(-1, 8, 10))
    assert strength >= 1e3
    np.testing.assert_allclose(found.matrix, np.eye(20), atol=0.02)
    one, _, error = matched_map(x[:1], x[:1] + 2, [1.0, 10.0])
    np.testing.assert_allclose(one(x), x + 2)
    assert np.isnan(error)


def test_paired_maps_refuse():
    x, y, w = noisy()
    for find in (least_squares_map, orthogonal_map):
        with pytest.raises(ValueError, match="shapes"):
            find(x, y[:5])
        with pytest.raises(ValueError, match="finite"):
            find(x * np.nan, y)
        with pytest.raises(ValueError, match="weights"):
            find(x, y, weights=-w)
    with pytest.raises(ValueError, match="ridge"):
        least_squares_map(x, y, ridge=-1)
    with pytest.raises(ValueError, match="rank"):
        low_rank_map(x, y, -1)
    with pytest.raises(ValueError, match="scale"):
        orthogonal_map(x, y, scale=True)


# without correspondences -----------------------------------------------------------------------


def skewed(n, d, seed):
    return np.random.default_rng(seed).gamma(1.0, size=(n, d)) * np.arange(d, 0, -1)


def test_axes_map_matches_moments_between_dimensions():
    x = skewed(4000, 3, 0)
    y = np.hstack([x, np.zeros((4000, 2))]) @ rotation(5, 1) * 2 + 3
    found = axes_map(x, y)
    np.testing.assert_allclose(found(x), y, atol=1e-6)
    assert axes_map(y, x)(y).shape == (4000, 3)
    np.testing.assert_allclose(axes_map(y, x)(y), x, atol=1e-6)
    assert np.linalg.matrix_rank(axes_map(x, y, 1).matrix) == 1
    assert np.isfinite(axes_map(np.ones((3, 2)), y).matrix).all()


def test_class_mean_pairs():
    x, labels = np.arange(12.0).reshape(6, 2), np.array(list("aabbcc"))
    y, others = np.arange(4.0).reshape(4, 1), np.array(list("bbba"))
    means_x, means_y, weights, classes = class_mean_pairs(x, labels, y, others)
    assert classes.tolist() == ["a", "b"]
    np.testing.assert_allclose(means_x, [[1, 2], [5, 6]])
    np.testing.assert_allclose(means_y, [[3], [1]])
    np.testing.assert_allclose(weights, [1 / (1 / 2 + 1), 1 / (1 / 2 + 1 / 3)])
    with pytest.raises(ValueError, match="no class"):
        class_mean_pairs(x, labels, y, np.array(["z"] * 4))


@pytest.mark.parametrize("matching", ["nearest", "transport"])
@pytest.mark.parametrize("kind", ["orthogonal", "ridge"])
def test_the_criterion_of_a_matching_never_rises(matching, kind):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(70, 4)), rng.normal(size=(50, 4)) * [3, 2, 1, 1] + 2
    before = x.copy()
    found = matching_map(x, y, kind=kind, matching=matching)
    assert (np.diff(found.criterion) <= 0).all()
    assert found.converged
    assert np.array_equal(x, before)
    if kind == "orthogonal":
        np.testing.assert_allclose(found.map.matrix.T @ found.map.matrix, np.eye(4), atol=1e-9)


def test_matching_finds_a_rotation_without_correspondences():
    x, turn = skewed(120, 3, 0), rotation(3, 5)
    y = (x @ turn + 5)[np.random.default_rng(1).permutation(120)]
    found = matching_map(x, y)
    np.testing.assert_allclose(found.map(x), x @ turn + 5, atol=1e-6)
    assert found.criterion[-1] < 1e-10
    wider = np.hstack([x, np.zeros((120, 1))]) @ rotation(4, 6)
    assert matching_map(x, wider).criterion[-1] < 1e-10


def test_matching_draws_rows_the_same_way_every_time():
    x, y = skewed(300, 2, 0), skewed(280, 2, 1)
    first = matching_map(x, y, kind="ridge", max_rows=100, seed=3)
    again = matching_map(x, y, kind="ridge", max_rows=100, seed=3)
    np.testing.assert_array_equal(first.map.matrix, again.map.matrix)
    with pytest.raises(ValueError, match="unknown"):
        matching_map(x, y, kind="cubic")
