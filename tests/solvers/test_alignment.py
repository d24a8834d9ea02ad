"""Affine maps against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from landbridge.solvers.alignment import coral_map, matched_map, moments, monge_map


def two(n=400, m=300, d=6, seed=0):
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 3
    return first, rng.normal(size=(m, d)) @ rng.normal(size=(d, d)) - 2


def covariance(x):
    return np.cov(x.T, ddof=0)


@pytest.mark.parametrize("find", [coral_map, monge_map])
def test_mapped_moments_are_the_others(find):
    xs, xt = two()
    before = xs.copy(), xt.copy()
    mapped = find(xs, xt, 1e-12)(xs)
    np.testing.assert_allclose(mapped.mean(0), xt.mean(0), atol=1e-9)
    np.testing.assert_allclose(covariance(mapped), covariance(xt), atol=1e-6)
    assert np.array_equal(xs, before[0])
    assert np.array_equal(xt, before[1])


def test_coral_closed_form():
    xs, xt = two()
    cs, ct = covariance(xs), covariance(xt)
    added = 0.3 * (np.trace(cs) + np.trace(ct)) / 12 * np.eye(6)
    want = np.linalg.inv(sqrtm(cs + added)) @ sqrtm(ct + added)
    np.testing.assert_allclose(coral_map(xs, xt, 0.3).matrix, want.real, atol=1e-9)


def test_monge_between_gaussians_has_the_known_answer():
    rng = np.random.default_rng(1)
    half = rng.normal(size=(5, 5))
    known = half @ half.T + 0.2 * np.eye(5)  # symmetric positive: it is its own Monge map
    x = rng.normal(size=(300, 5)) @ rng.normal(size=(5, 5))
    found = monge_map(x, x @ known + 4, 0.0)
    np.testing.assert_allclose(found.matrix, known, atol=1e-8)
    np.testing.assert_allclose(found(x), x @ known + 4, atol=1e-8)
    np.testing.assert_allclose(x @ found.matrix + found.offset, found(x), atol=1e-9)


@pytest.mark.parametrize("find", [coral_map, monge_map])
@pytest.mark.parametrize("regularisation", [0.0, 1e-6, 0.1, 10.0])
def test_awkward_inputs_stay_finite(find, regularisation):
    xs, xt = two(8, 5, 30)  # more columns than rows
    assert np.isfinite(find(xs, xt, regularisation)(xs)).all()
    xs, xt = two()
    xs[:, 2], xt[:, 4] = 7.0, -1.0
    assert np.isfinite(find(xs, xt, regularisation)(xs)).all()
    flat = find(np.ones((4, 3)), np.zeros((5, 3)), regularisation)
    assert np.isfinite(flat(np.ones((4, 3)))).all()
    short = find(xs.astype(np.float32), xt.astype(np.float32), regularisation)
    assert short(xs.astype(np.float32)).dtype == np.float32
    assert np.isfinite(short.matrix).all()
    one = find(xs, xt[:1], regularisation)
    np.testing.assert_array_equal(one(xs), xs)
    wide = find(xs, xt, 1e12)  # only a shift is left
    np.testing.assert_allclose(wide.matrix, np.eye(6), atol=1e-6)


def test_moments():
    xs, _ = two()
    mean, found = moments(xs)
    np.testing.assert_allclose(mean, xs.mean(0))
    np.testing.assert_allclose(found, covariance(xs))


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


@pytest.mark.parametrize("find", [coral_map, monge_map])
def test_refuses(find):
    xs, xt = two()
    with pytest.raises(ValueError, match="regularisation"):
        find(xs, xt, -1.0)
    with pytest.raises(ValueError, match="shapes"):
        find(xs, xt[:, :3], 0.1)
    with pytest.raises(ValueError, match="finite"):
        find(xs * np.inf, xt, 0.1)
