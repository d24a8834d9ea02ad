"""The geodesic flow kernel against the integral it is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from landbridge.solvers.subspace.gfk import geodesic_flow, geodesic_flow_factor


def basis(d, k, seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, k)))[0]


def integral(p, q, points=40):
    """Return ∫ Φ(t) Φ(t)ᵀ dt by Gauss-Legendre, Φ by the matrix exponential of the tangent.

    The tangent at P: H = B θ Vᵀ with B orthonormal and orthogonal to P; the geodesic is the
    action of exp(t (H Pᵀ − P Hᵀ)), which needs no closed form of cosines and sines.
    """
    u, cosines, vt = np.linalg.svd(p.T @ q)
    rest = q @ vt.T - p @ u * cosines
    sines = np.linalg.norm(rest, axis=0)
    angles = np.arctan2(sines, cosines)
    direction = rest * (angles / np.where(sines > 1e-12, sines, 1.0)) @ u.T
    turn = direction @ p.T - p @ direction.T
    nodes, weights = np.polynomial.legendre.leggauss(points)
    total = np.zeros((len(p), len(p)))
    for node, weight in zip(nodes, weights, strict=True):
        at = expm((node + 1) / 2 * turn) @ p
        total += weight / 2 * at @ at.T
    at = expm(turn) @ p
    np.testing.assert_allclose(at @ at.T, q @ q.T, atol=1e-9)  # it does arrive
    return total


@pytest.mark.parametrize(("d", "k"), [(9, 3), (5, 1), (6, 4), (7, 6), (4, 4)])
def test_factor_is_the_integral(d, k):
    p, q = basis(d, k, 0), basis(d, k, 1)
    factor, angles = geodesic_flow_factor(p, q)
    np.testing.assert_allclose(factor @ factor.T, integral(p, q), atol=1e-9)
    assert (np.diff(angles) >= 0).all()
    cosines = np.linalg.svd(p.T @ q, compute_uv=False)
    np.testing.assert_allclose(np.sort(np.cos(angles))[::-1], np.sort(cosines)[::-1], atol=1e-12)
    assert factor.shape[1] <= min(2 * k, d + k)


def test_same_and_orthogonal_subspaces():
    p = basis(8, 3, 0)
    turned = p @ basis(3, 3, 1)
    factor, angles = geodesic_flow_factor(p, turned)
    np.testing.assert_allclose(factor @ factor.T, p @ p.T, atol=1e-10)
    np.testing.assert_allclose(angles, 0, atol=1e-7)
    full = basis(8, 6, 2)
    factor, angles = geodesic_flow_factor(full[:, :3], full[:, 3:])
    np.testing.assert_allclose(angles, np.pi / 2)
    assert abs(np.trace(factor @ factor.T) - 3) < 1e-9  # each Φ(t) has trace k
    one = np.eye(4)[:, :1]
    near = np.cos(1e-4) * np.eye(4)[:, :1] + np.sin(1e-4) * np.eye(4)[:, 1:2]
    factor, _ = geodesic_flow_factor(one, near)
    np.testing.assert_allclose(factor @ factor.T, integral(one, near), atol=1e-10)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_flow_of_rows(dtype):
    rng = np.random.default_rng(0)
    xs = (rng.normal(size=(50, 6)) * [5, 4, 3, 0.2, 0.1, 0.1] + 1).astype(dtype)
    xt = (rng.normal(size=(40, 6)) @ basis(6, 6, 1) * [4, 3, 2, 1, 0.1, 0.1]).astype(dtype)
    before = xs.copy()
    flow = geodesic_flow(xs, xt, 3)

    def axes(x):
        z = x.astype(np.float64) - x.mean(0, dtype=np.float64)
        return np.linalg.svd(z, full_matrices=False)[2][:3].T

    kernel = integral(axes(xs), axes(xt))
    zs, zt = xs - xs.mean(0), xt - xt.mean(0)
    got = flow.source(xs) @ flow.target(xt).T
    assert got.dtype == dtype
    np.testing.assert_allclose(got, zs @ kernel @ zt.T, atol=2e-3 if dtype == np.float32 else 1e-9)
    raw = geodesic_flow(xs, xt, 3, centre=False)
    np.testing.assert_allclose(raw.source(xs), xs @ raw.factor, atol=1e-4)
    assert np.array_equal(xs, before)


def test_flow_of_awkward_rows():
    rng = np.random.default_rng(0)
    xs, xt = rng.normal(size=(5, 20)), rng.normal(size=(4, 20))
    xs[:, 2] = 3.0
    flow = geodesic_flow(xs, xt, 10)  # more components than there are, more columns than rows
    assert flow.angles.shape == (3,)
    assert np.isfinite(flow.source(xs)).all()
    with pytest.raises(ValueError, match="vary"):
        geodesic_flow(xs, xt[:1], 2)
