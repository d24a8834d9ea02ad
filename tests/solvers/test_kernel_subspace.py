"""TCA, joint PCA and what they are made of, against dense problems written from the formulas."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pytest
import torch
from scipy.linalg import eigh, subspace_angles

from landbridge.inference.layers import apply
from landbridge.solvers.kernels.gram import cholesky, rbf
from landbridge.solvers.subspace.jpca import jpca
from landbridge.solvers.subspace.kernel_space import kernel_space
from landbridge.solvers.subspace.pencil import DensePencil, KernelPencil
from landbridge.solvers.subspace.tca import discrepancy, marginal, tca


def sides(ns=70, nt=50, d=6, seed=0, shift=1.5):
    rng = np.random.default_rng(seed)
    spread = np.arange(1, d + 1) ** -0.7
    return rng.normal(size=(ns, d)) * spread, (rng.normal(size=(nt, d)) + shift) * spread


def gram(x, kernel, bandwidth):
    if kernel == "linear":
        return x @ x.T
    squares = ((x[:, None] - x[None]) ** 2).sum(2)
    return np.exp(-squares / (2 * bandwidth**2))


def dense(xs, xt, kernel, reg, k, bandwidth=1.0):
    """The generalised eigenproblem of the paper: n × n matrices, nothing clever."""
    x = np.concatenate([xs, xt])
    n, ns, nt = len(x), len(xs), len(xt)
    big_l = np.empty((n, n))
    big_l[:ns, :ns], big_l[ns:, ns:] = 1 / ns**2, 1 / nt**2
    big_l[:ns, ns:] = big_l[ns:, :ns] = -1 / (ns * nt)
    big_l /= np.linalg.norm(big_l)
    h = np.eye(n) - 1 / n
    p = x if kernel == "primal" else gram(x, kernel, bandwidth)
    values, w = eigh(p.T @ h @ p, p.T @ big_l @ p + reg * np.eye(p.shape[1]))
    w = w[:, ::-1][:, :k]
    return values[::-1][:k], w / np.linalg.norm(w, axis=0), p @ (w / np.linalg.norm(w, axis=0))


def same_up_to_sign(found, wanted, **tolerance):
    signs = np.sign((found * wanted).sum(0))
    np.testing.assert_allclose(found * signs, wanted, **tolerance)


def rows_of(found):
    return np.concatenate([found.source, found.target])


@pytest.mark.parametrize("kernel", ["primal", "linear", "rbf"])
@pytest.mark.parametrize(("ns", "nt", "d"), [(70, 50, 6), (20, 31, 80), (300, 250, 5)])
@pytest.mark.parametrize("reg", [1e-2, 1.0, 100.0])
def test_tca_is_the_dense_generalised_eigenproblem(kernel, ns, nt, d, reg):
    xs, xt = sides(ns, nt, d)
    values, _, z = dense(xs, xt, kernel, reg, 3, bandwidth=2.0)
    found = tca(xs, xt, 3, kernel=kernel, reg=reg, bandwidth=2.0, tolerance=0)
    np.testing.assert_allclose(found.values, values, rtol=1e-6)
    if kernel == "rbf":  # the embedding is centred there
        z = z - z.mean(0)
    same_up_to_sign(rows_of(found), z, atol=2e-5 * np.abs(z).max())


def test_large_kernel_in_float32_has_the_dense_objective():
    xs, xt = sides(600, 700, 30)
    values, w, _ = dense(xs, xt, "rbf", 1.0, 10, bandwidth=1.0)
    found = tca(xs.astype(np.float32), xt.astype(np.float32), 10, bandwidth=1.0, tolerance=1e-7)
    assert found.source.dtype == np.float32
    assert found.values.sum() == pytest.approx(values.sum(), rel=1e-4)
    np.testing.assert_allclose(found.values, values, rtol=1e-3)
    space = kernel_space(xs, xt, "rbf", bandwidth=1.0)
    pencil = KernelPencil(space.base, tolerance=1e-7)
    _, mine = pencil.solve(space.project(marginal(600, 700)), 1.0, 10)
    assert np.degrees(subspace_angles(w, mine.numpy())).max() < 1.0


def test_mean_discrepancy_by_double_sum():
    xs, xt = sides(9, 7, 3)
    total = 0.0
    for a, na, side in ((xs, 9, 1), (xt, 7, -1)):
        for b, nb, other in ((xs, 9, 1), (xt, 7, -1)):
            for row in a:
                for column in b:
                    k = np.exp(-((row - column) ** 2).sum() / (2 * 1.3**2))
                    total += side * other * k / (na * nb)
    space = kernel_space(xs, xt, "rbf", bandwidth=1.3)
    e = np.concatenate([np.full(9, 1 / 9), np.full(7, -1 / 7)])
    assert e @ space.base.numpy() @ e == pytest.approx(total, rel=1e-9)
    p = space.base.numpy()
    spread = (np.trace(p) - p.sum() / 16) / 16
    assert space.notes["mmd_before"] == pytest.approx(total / spread, rel=1e-9)
    column = marginal(9, 7)
    np.testing.assert_allclose(column @ column.T, np.outer(e, e) / np.linalg.norm(np.outer(e, e)))


@pytest.mark.parametrize("kernel", ["primal", "linear", "rbf"])
@pytest.mark.parametrize("landmarks", [None, 25])
def test_objective_falls_and_new_rows_take_the_same_way(kernel, landmarks):
    xs, xt = sides(150, 90, 8)
    kept = xs.copy(), xt.copy()
    found = tca(xs, xt, 4, kernel=kernel, reg=1e-3, landmarks=landmarks)
    plain = jpca(xs, xt, 4, kernel=kernel, landmarks=landmarks)
    assert found.notes["mmd_after"] < 0.05 * discrepancy(plain.source, plain.target)
    assert found.notes["mmd_after"] < 0.05 * found.notes["mmd_before"]
    scale = np.abs(found.source).max()
    np.testing.assert_allclose(apply(found.steps, xs), found.source, atol=1e-8 * scale)
    np.testing.assert_allclose(apply(found.steps, xt), found.target, atol=1e-8 * scale)
    np.testing.assert_array_equal(kept[0], xs)
    np.testing.assert_array_equal(kept[1], xt)


def test_every_row_as_landmark_is_exact():
    xs, xt = sides(40, 30, 5)
    whole = tca(xs, xt, 3, bandwidth=1.0)
    marks = tca(xs, xt, 3, bandwidth=1.0, landmarks=70)
    np.testing.assert_allclose(marks.values, whole.values, rtol=1e-4)
    same_up_to_sign(rows_of(marks), rows_of(whole), atol=1e-3 * np.abs(whole.source).max())
    assert marks.notes["form"] == "nystrom"
    few = tca(xs, xt, 3, bandwidth=1.0, landmarks=20)
    assert few.values.sum() <= whole.values.sum() * (1 + 1e-9)


def test_forms_are_chosen_by_size():
    xs, xt = sides(40, 30, 5)
    assert kernel_space(xs, xt, "rbf").full
    far = kernel_space(xs, xt, "rbf", exact=60)
    assert far.notes["form"] == "nystrom"
    assert far.base.shape == (70, 70)
    assert kernel_space(xs, xt, "linear").width == 5
    wide = sides(10, 12, 50)
    assert kernel_space(*wide, "primal").width <= 22


def test_landmarks_come_from_both_sides():
    xs, xt = sides(400, 12, 4, shift=100)
    anchors = kernel_space(xs, xt, "rbf", landmarks=40).first[0].anchors
    assert anchors.shape == (40, 4)
    assert (anchors[:, 0] > 50).sum() == 12


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_rbf(own, kind):
    xs, xt = sides(600, 30, 7)
    a, b = (torch.from_numpy(x + 1000).to(kind) for x in (xs, xt))
    wanted = np.exp(-0.3 * ((xs[:, None] - (xs if own else xt)[None]) ** 2).sum(2))
    found = rbf(a, None if own else b, 0.3).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-9 if kind == torch.float64 else 5e-3)
    if own:
        np.testing.assert_allclose(found, found.T, atol=1e-6)


@pytest.mark.parametrize("r", [1, 4])
def test_pencils_agree_with_the_definition_for_several_f(r):
    rng = np.random.default_rng(1)
    x = torch.from_numpy(rng.normal(size=(700, 9)) * np.arange(1, 10) ** -1.0)
    k = rbf(x, None, 0.2)
    h = k - k.mean(0)
    scatter = h.T @ h
    lanczos, krylov = DensePencil(scatter), KernelPencil(k, tolerance=1e-9)
    for turn in range(3):
        thin = k @ torch.from_numpy(rng.normal(size=(700, r)) / 26)
        c = 0.5 * torch.eye(700, dtype=torch.float64) + thin @ thin.T
        wanted = eigh(scatter.numpy(), c.numpy(), eigvals_only=True)[::-1][:6]
        for pencil in (lanczos, krylov):
            values, w = pencil.solve(thin, 0.5, 6)
            np.testing.assert_allclose(values, wanted, rtol=1e-6, err_msg=f"turn {turn}")
            np.testing.assert_allclose(w.T @ c @ w, np.eye(6), atol=1e-8)
            ratio = w.T @ scatter @ w
            np.testing.assert_allclose(ratio, np.diag(values), atol=1e-4 * values[0])


def test_cholesky_of_a_singular_matrix():
    x = torch.zeros(5, 3, dtype=torch.float64)
    assert torch.isfinite(cholesky(x.T @ x, 1e-12)).all()
    x[:, 0] = 1
    root = cholesky(x.T @ x, 1e-12)
    np.testing.assert_allclose(root @ root.T, x.T @ x, atol=1e-9)


@pytest.mark.parametrize("kernel", ["primal", "linear", "rbf"])
@pytest.mark.parametrize("case", ["one target row", "constant", "all the same", "wide", "huge"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_awkward(kernel, case, kind):
    xs, xt = sides(30, 20, 60 if case == "wide" else 6)
    if case == "one target row":
        xt = xt[:1]
    elif case == "constant":
        xs[:, 2], xt[:, 3] = 4.0, -7.0
    elif case == "all the same":
        xs[:], xt[:] = 1.0, 1.0
    elif case == "huge":
        xs, xt = xs * 1e6, xt * 1e6
    xs, xt = xs.astype(kind), xt.astype(kind)
    for find in (tca, jpca):
        found = find(xs, xt, 100, kernel=kernel)
        assert found.source.dtype == found.target.dtype == kind
        assert np.isfinite(rows_of(found)).all()
        assert np.isfinite(apply(found.steps, xt)).all()
        again = find(xs, xt, 100, kernel=kernel)
        np.testing.assert_array_equal(found.source, again.source)


def test_rbf_does_not_see_the_scale():
    xs, xt = sides()
    small, large = tca(xs, xt, 3), tca(xs * 1000, xt * 1000, 3)
    same_up_to_sign(rows_of(large), rows_of(small), atol=1e-6)


def test_joint_pca_is_pca():
    xs, xt = sides(80, 40, 7)
    x = np.concatenate([xs, xt])
    centred = x - x.mean(0)
    _, s, axes = np.linalg.svd(centred, full_matrices=False)
    found = jpca(xs, xt, 3)
    np.testing.assert_allclose(found.values, s[:3] ** 2)
    same_up_to_sign(rows_of(found), x @ axes[:3].T, atol=1e-9)


@pytest.mark.parametrize("name", ["kernel_space", "tca", "sstca", "jda", "tjm", "jpca"])
def test_examples(name):
    module = importlib.import_module(f"landbridge.solvers.subspace.{name}")
    assert doctest.testmod(module).failed == 0


def test_refuses():
    xs, xt = sides()
    with pytest.raises(ValueError, match="reg"):
        tca(xs, xt, 3, reg=0)
    with pytest.raises(ValueError, match="n_components"):
        tca(xs, xt, 0)
    with pytest.raises(ValueError, match="shapes"):
        tca(xs, xt[:, :2], 3)
    with pytest.raises(ValueError, match="shapes"):
        tca(xs, xt[:0], 3)
    with pytest.raises(ValueError, match="finite"):
        tca(xs * np.nan, xt, 3)
    with pytest.raises(ValueError, match="kernel"):
        tca(xs, xt, 3, kernel="poly")
    with pytest.raises(ValueError, match="bandwidth"):
        tca(xs, xt, 3, bandwidth=-1)
    with pytest.raises(ValueError, match="landmarks"):
        tca(xs, xt, 3, landmarks=0)
