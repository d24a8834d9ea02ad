"""Affine maps between moments against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from landbridge.solvers.mapping.alignment import coral_map, gaussian_map, moments, monge_map
from landbridge.solvers.mapping.barycentre import bures_barycentre, multi_monge_maps

BOTH = pytest.mark.parametrize("find", [coral_map, monge_map])


def two(n=400, m=300, d=6, seed=0):
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 3
    return first, rng.normal(size=(m, d)) @ rng.normal(size=(d, d)) - 2


def like_features(n, d, seed):
    """Return float32 rows whose variances fall as 1/j in some basis, as a network's do."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    rows = (rng.normal(size=(n, d)) * np.arange(1, d + 1) ** -0.5) @ turn
    return (rows + 0.3 * rng.normal(size=d)).astype(np.float32)


def covariance(x):
    return np.cov(x.T, ddof=0)


def root(matrix, power):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**power) @ vectors.T


def reference(find, xs, xt, reg):
    """Return the mapped source by the definition, in float64."""
    xs, xt = xs.astype(np.float64), xt.astype(np.float64)
    cs, ct = covariance(xs), covariance(xt)
    added = reg * (np.trace(cs) + np.trace(ct)) / (2 * len(cs)) * np.eye(len(cs))
    cs, ct = cs + added, ct + added
    if find is coral_map:
        matrix = root(cs, -0.5) @ root(ct, 0.5)
    else:
        half = root(cs, 0.5)
        matrix = root(cs, -0.5) @ root(half @ ct @ half, 0.5) @ root(cs, -0.5)
    return (xs - xs.mean(0)) @ matrix + xt.mean(0)


@BOTH
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


def test_monge_is_pots():
    import ot

    xs, xt = two()
    matrix, offset = ot.gaussian.empirical_bures_wasserstein_mapping(xs, xt, reg=1e-12)
    found = monge_map(xs, xt, 0.0)
    np.testing.assert_allclose(found.matrix, matrix, atol=1e-6)
    np.testing.assert_allclose(found.offset, offset.ravel(), atol=1e-5)


@BOTH
@pytest.mark.parametrize("reg", [1e-3, 1.0])
@pytest.mark.parametrize(("n", "m"), [(500, 350), (40, 90), (25, 20), (59, 61)])
def test_every_shape_gives_the_reference(find, reg, n, m):
    d = 60
    xs, xt = like_features(n, d, 0), like_features(m, d, 1)
    want = reference(find, xs, xt, reg)
    spread = np.linalg.norm(want - want.mean(0))
    exact = find(xs.astype(np.float64), xt.astype(np.float64), reg)
    got = exact(xs.astype(np.float64))
    assert np.linalg.norm(got - want) < 1e-8 * spread
    short = find(xs, xt, reg)(xs)
    assert short.dtype == np.float32
    assert np.linalg.norm(short - want) < 5e-4 * spread


@BOTH
def test_scale_and_offset_do_not_matter(find):
    xs, xt = like_features(200, 12, 0), like_features(150, 12, 1)
    want = find(xs, xt, 0.1)
    for factor in (1e3, 1e-12, 1e12):
        scaled = find(xs * np.float32(factor), xt * np.float32(factor), 0.1)
        np.testing.assert_allclose(scaled.matrix, want.matrix, atol=2e-4)
    far = find(xs.astype(np.float64) + 1e6, xt.astype(np.float64) + 1e6, 0.1)
    np.testing.assert_allclose(far.matrix, want.matrix, atol=2e-4)


@BOTH
@pytest.mark.parametrize("reg", [0.0, 1e-6, 0.1, 10.0])
def test_awkward_inputs_stay_finite(find, reg):
    xs, xt = two(8, 5, 30)  # more columns than rows
    assert np.isfinite(find(xs, xt, reg)(xs)).all()
    xs, xt = two()
    xs[:, 2], xt[:, 4] = 7.0, -1.0
    assert np.isfinite(find(xs, xt, reg)(xs)).all()
    flat = find(np.ones((4, 3)), np.zeros((5, 3)), reg)
    assert np.isfinite(flat(np.ones((4, 3)))).all()
    short = find(xs.astype(np.float32), xt.astype(np.float32), reg)
    assert short(xs.astype(np.float32)).dtype == np.float32
    assert np.isfinite(short.matrix).all()
    one = find(xs, xt[:1], reg)
    np.testing.assert_array_equal(one(xs), xs)
    wide = find(xs, xt, 1e12)  # only a shift is left
    np.testing.assert_allclose(wide.matrix, np.eye(6), atol=1e-6)


def test_moments():
    xs, _ = two()
    mean, found = moments(xs)
    np.testing.assert_allclose(mean, xs.mean(0))
    np.testing.assert_allclose(found, covariance(xs))


@BOTH
def test_refuses(find):
    xs, xt = two()
    with pytest.raises(ValueError, match="reg"):
        find(xs, xt, -1.0)
    with pytest.raises(ValueError, match="shapes"):
        find(xs, xt[:, :3], 0.1)
    with pytest.raises(ValueError, match="finite"):
        find(xs * np.inf, xt, 0.1)


def positive(d, seed):
    half = np.random.default_rng(seed).normal(size=(d, d))
    return half @ half.T + 0.1 * np.eye(d)


def test_gaussian_map_solves_its_equation():
    first, second = positive(7, 0), positive(7, 1)
    found = gaussian_map(first, second)
    np.testing.assert_allclose(found @ first @ found, second, atol=1e-8)
    np.testing.assert_allclose(found, found.T, atol=1e-10)
    assert (np.linalg.eigvalsh(found) > 0).all()
    thin = np.diag([1.0, 0.0, 2.0])
    np.testing.assert_allclose(gaussian_map(thin, 4 * thin), np.diag([2.0, 0.0, 2.0]), atol=1e-9)


def test_barycentre_of_commuting_covariances():
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    values, weights = rng.uniform(0.1, 4, size=(3, 5)), np.array([0.2, 0.5, 0.3])
    found, _, _ = bures_barycentre([(turn * v) @ turn.T for v in values], weights)
    want = (turn * (weights @ np.sqrt(values)) ** 2) @ turn.T
    np.testing.assert_allclose(found, want, atol=1e-8)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_barycentre_is_a_fixed_point_and_pots(count):
    import ot

    parts = [positive(6, seed) for seed in range(count)]
    weights = np.arange(1, count + 1) / np.arange(1, count + 1).sum()
    found, _, residual = bures_barycentre(parts, weights.tolist())
    mean_map = sum(w * gaussian_map(found, c) for w, c in zip(weights, parts, strict=True))
    np.testing.assert_allclose(mean_map, np.eye(6), atol=1e-7)
    assert residual < 1e-9
    _, theirs = ot.gaussian.bures_wasserstein_barycenter(
        np.zeros((count, 6)), np.stack(parts), weights, num_iter=2000, eps=1e-12
    )
    np.testing.assert_allclose(found, theirs, atol=1e-5)


def test_multi_monge_takes_every_domain_to_the_same_moments():
    parts = [*two(300, 200, 5, 0), two(90, 60, 5, 1)[0]]
    found = multi_monge_maps(parts, 0.0, weights=[1, 1, 2])
    mapped = [one(part) for one, part in zip(found.maps, parts, strict=True)]
    for rows in mapped:
        np.testing.assert_allclose(rows.mean(0), found.mean, atol=1e-9)
        np.testing.assert_allclose(covariance(rows), found.covariance, atol=1e-6)
    want = (parts[0].mean(0) + parts[1].mean(0) + 2 * parts[2].mean(0)) / 4
    np.testing.assert_allclose(found.mean, want)
    short = multi_monge_maps([part.astype(np.float32) for part in parts], 0.1)
    assert short.maps[0](parts[0].astype(np.float32)).dtype == np.float32
    wide = multi_monge_maps([part[:4] for part in parts], 0.1)  # more columns than rows
    assert all(np.isfinite(one(part)).all() for one, part in zip(wide.maps, parts, strict=True))
    with pytest.raises(ValueError, match="two rows"):
        multi_monge_maps([parts[0], parts[1][:1]])
    with pytest.raises(ValueError, match="positive"):
        multi_monge_maps(parts, weights=[1, 1, 0])
