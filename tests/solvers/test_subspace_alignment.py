"""Principal components and subspace alignment against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.solvers.subspace.components import principal_components
from landbridge.solvers.subspace.subspace_alignment import align_subspaces, subspace_dimension


def rows(n, d, seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    x = (rng.normal(size=(n, d)) * 3.0 / np.arange(1, d + 1)) @ turn + rng.normal(size=d)
    return x.astype(dtype)


def axes(x, k):
    z = x.astype(np.float64) - x.mean(0, dtype=np.float64)
    return np.linalg.svd(z, full_matrices=False)[2][:k].T


@pytest.mark.parametrize(("dtype", "close"), [(np.float64, 1e-9), (np.float32, 2e-4)])
@pytest.mark.parametrize(("n", "d", "k"), [(80, 7, 3), (9, 40, 4), (900, 300, 5), (300, 420, 5)])
def test_components_are_the_singular_vectors(n, d, k, dtype, close):
    x = rows(n, d, 0, dtype)
    before = x.copy()
    found = principal_components(x, k)
    want = axes(x, k)
    assert found.axes.dtype == dtype
    np.testing.assert_allclose(found.axes @ found.axes.T, want @ want.T, atol=close)
    np.testing.assert_allclose(found.axes.T @ found.axes, np.eye(k), atol=close)
    z = x.astype(np.float64) - x.mean(0, dtype=np.float64)
    np.testing.assert_allclose(found.variances, ((z @ want) ** 2).mean(0), rtol=10 * close)
    assert np.array_equal(x, before)
    far = principal_components(x * dtype(1000), k)
    np.testing.assert_allclose(far.axes, found.axes, atol=10 * close)


def test_components_of_fewer_directions():
    x = rows(50, 3, 0) @ np.eye(3, 10)
    assert principal_components(x, 8).axes.shape == (10, 3)
    assert principal_components(x[:2], 8).axes.shape == (10, 1)
    assert principal_components(np.ones((5, 4)), 2).axes.shape == (4, 0)
    wide = np.tile(rows(400, 4, 0), (1, 100))  # many directions of variance 0, solved by Lanczos
    assert principal_components(wide, 20).axes.shape == (400, 4)
    with pytest.raises(ValueError, match="positive"):
        principal_components(x, 0)
    with pytest.raises(ValueError, match="finite"):
        principal_components(x * np.nan, 2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_alignment_is_its_definition(dtype):
    xs, xt = rows(90, 8, 0, dtype), rows(60, 8, 1, dtype)
    found = align_subspaces(xs, xt, 3)
    ps, pt = axes(xs, 3), axes(xt, 3)
    zs, zt = xs - xs.mean(0, dtype=np.float64), xt - xt.mean(0, dtype=np.float64)
    kernel = zs @ ps @ ps.T @ pt @ pt.T @ zt.T  # Fernando's similarity: no sign is left in it
    got = found.source(xs) @ found.target(xt).T
    assert got.dtype == dtype
    np.testing.assert_allclose(got, kernel, atol=1e-3 if dtype == np.float32 else 1e-9)


def test_alignment_of_the_same_domain_changes_nothing():
    x = rows(90, 8, 0)
    found = align_subspaces(x, x + 5, 4)
    np.testing.assert_allclose(found.source(x), found.target(x + 5), atol=1e-9)
    np.testing.assert_allclose(found.turn, np.eye(4), atol=1e-9)


def test_alignment_with_more_columns_than_rows_and_constant_ones():
    xs, xt = rows(6, 30, 0), rows(5, 30, 1)
    xs[:, 3] = 2.0
    found = align_subspaces(xs, xt, 20)
    assert found.source(xs).shape == (6, 4)  # five rows vary in four directions
    assert np.isfinite(found.source(xs)).all()
    with pytest.raises(ValueError, match="vary"):
        align_subspaces(xs, xt[:1], 2)
    with pytest.raises(ValueError, match="shapes"):
        align_subspaces(xs, xt[:, :4], 2)


def test_dimension_ends_where_domains_disagree():
    rng = np.random.default_rng(0)
    xs, xt = rng.normal(size=(300, 6)) * 0.01, rng.normal(size=(300, 6)) * 0.01
    both = rng.normal(size=(600, 2)) * [9.0, 5.0]
    xs[:, :2] += both[:300]
    xt[:, :2] += both[300:]
    xs[:, 2] += rng.normal(size=300) * 2  # each side's third direction is its own ...
    xt[:, 3] += rng.normal(size=300) * 2.1
    xs[:, 4] += rng.normal(size=300) * 1.7  # ... and that of both together another one
    xt[:, 4] += rng.normal(size=300) * 1.7
    assert subspace_dimension(xs, xt) == 3
    assert subspace_dimension(xs, xs) >= 3
    assert 1 <= subspace_dimension(xs[:3], xt) <= 2
