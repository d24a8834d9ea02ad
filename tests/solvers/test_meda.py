"""MEDA's classifier against its formula, solved whole."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.solvers.subspace.meda import cosine_laplacian, estimate_mu, fit_meda


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def two(n=40, m=30, seed=0):
    rng = np.random.default_rng(seed)
    ys, yt = rng.integers(0, 3, n), rng.integers(0, 3, m)
    centres = 3 * rng.normal(size=(3, 5))
    zs = unit(centres[ys] + rng.normal(size=(n, 5)))
    return zs, ys, unit(centres[yt] + rng.normal(size=(m, 5)) + 0.7), yt


def laplacian_by_loops(z, p):
    n = len(z)
    graph = np.zeros((n, n))
    cosines = z @ z.T
    for i in range(n):
        others = sorted((j for j in range(n) if j != i), key=lambda j: -cosines[i, j])[:p]
        graph[i, [i, *others]] = np.maximum(cosines[i, [i, *others]], 0)
    graph = np.maximum(graph, graph.T)
    scale = np.diag(1 / np.sqrt(graph.sum(1)))
    return np.eye(n) - scale @ graph @ scale


def whole(zs, ys, zt, start, mu, steps, lam=10.0, rho=1.0, eta=0.1, p=4):
    """The paper's equations with every matrix written out."""
    n, m = len(zs), len(zt)
    z = np.concatenate([zs, zt])
    kernel = np.exp(-0.5 * ((z[:, None] - z[None]) ** 2).sum(2))
    laplacian = laplacian_by_loops(z, p)
    labelled = np.diag(np.r_[np.ones(n), np.zeros(m)])
    answers = np.vstack([np.eye(3)[ys], np.zeros((m, 3))])
    yt = start.copy()
    for _ in range(steps):
        e = np.r_[np.full(n, 1 / n), np.full(m, -1 / m)]
        mmd = (1 - mu) * 3 * np.outer(e, e)
        for c in range(3):
            e = np.zeros(n + m)
            e[:n][ys == c] = 1 / (ys == c).sum()
            if (yt == c).any():
                e[n:][yt == c] = -1 / (yt == c).sum()
            mmd += mu * np.outer(e, e)
        mmd /= np.linalg.norm(mmd)
        system = (labelled + lam * mmd + rho * laplacian) @ kernel + eta * np.eye(n + m)
        beta = np.linalg.solve(system, labelled @ answers)
        yt = (kernel[n:] @ beta).argmax(1)
    return beta, yt


@pytest.mark.parametrize("mu", [0.0, 0.3, 1.0])
def test_coefficients_are_the_formula(mu):
    zs, ys, zt, _ = two()
    start = np.random.default_rng(1).integers(0, 2, len(zt))  # a class is missing at first
    before = zs.copy(), zt.copy(), start.copy()
    for steps in (1, 2):
        found = fit_meda(zs, ys, zt, 3, start=start, mu=mu, max_iter=steps, n_neighbors=4)
        beta, labels = whole(zs, ys, zt, start, mu, len(found.mu))
        np.testing.assert_allclose(found.coefficients, beta, atol=1e-9)
        np.testing.assert_array_equal(found.labels, labels)
    for was, now in zip(before, (zs, zt, start), strict=True):
        np.testing.assert_array_equal(was, now)


def test_laplacian():
    z = two()[0]
    np.testing.assert_allclose(
        cosine_laplacian(z, 4).toarray(), laplacian_by_loops(z, 4), atol=1e-12
    )
    assert cosine_laplacian(z[:3], 10).shape == (3, 3)


def test_known_labels_stay():
    zs, ys, zt, yt = two()
    known = np.arange(len(zt)) < 4
    start = np.where(known, (yt + 1) % 3, 0)  # wrong on purpose
    found = fit_meda(zs, ys, zt, 3, start=start, labeled_mask=known, n_neighbors=4)
    np.testing.assert_array_equal(found.labels[known], start[known])
    free = fit_meda(zs, ys, zt, 3, start=start, n_neighbors=4)
    assert not np.allclose(free.coefficients, found.coefficients)


def test_it_answers_and_stops():
    zs, ys, zt, yt = two(120, 90)
    start = ys[(zs @ zt.T).argmax(0)]
    found = fit_meda(zs, ys, zt, 3, start=start, max_iter=50)
    assert (found.labels == yt).mean() > 0.9
    assert found.changed[-1] == 0
    assert len(found.changed) < 50
    assert all(0 <= mu <= 1 for mu in found.mu)
    one = fit_meda(zs, ys, zt[:1], 3, start=start[:1])
    assert one.labels.shape == (1,)


def test_mu_says_which_distributions_differ():
    rng = np.random.default_rng(0)
    ys = rng.integers(0, 2, 200)
    x = rng.normal(size=(200, 3))
    assert estimate_mu(x, ys, x + np.array([9.0, 0, 0]), ys, 2) == pytest.approx(0.5, abs=0.02)
    swapped = x + np.where(ys == 0, 3, -3)[:, None]
    against = x + np.where(ys == 0, -3, 3)[:, None]
    assert estimate_mu(swapped, ys, against, ys, 2) > 0.8  # the sides are alike, the classes not
    assert estimate_mu(x, ys, x, np.zeros(200, dtype=int), 2) >= 0.5


def test_refuses():
    zs, ys, zt, _ = two()
    start = np.zeros(len(zt), dtype=int)
    with pytest.raises(ValueError, match="shapes"):
        fit_meda(zs, ys, zt[:, :2], 3, start=start)
    with pytest.raises(ValueError, match="mu"):
        fit_meda(zs, ys, zt, 3, start=start, mu=2.0)
    with pytest.raises(ValueError, match="positive"):
        fit_meda(zs, ys, zt, 3, start=start, alpha=0.0)
