"""JDA, BDA, TJM and semi-supervised TCA against the papers' formulas, and JDA's own files."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.linalg import eigh

import needs
from landbridge.inference.layers import apply
from landbridge.solvers.subspace.jda import discrepancies, jda, nearest_label, unit
from landbridge.solvers.subspace.kernel_space import kernel_space
from landbridge.solvers.subspace.sstca import neighbour_graph, sstca
from landbridge.solvers.subspace.tca import tca
from landbridge.solvers.subspace.tjm import tjm


def sides(ns=60, nt=45, d=5, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    ys, yt = rng.integers(0, classes, ns), rng.integers(0, classes, nt)
    centres = 3 * np.eye(classes, d)
    xs = rng.normal(size=(ns, d)) + centres[ys]
    return xs, ys, rng.normal(size=(nt, d)) * 1.3 + centres[yt] + [0, 0, 0, 0, 2][:d], yt


def rows_of(found):
    return np.concatenate([found.source, found.target])


def same_up_to_sign(found, wanted, **tolerance):
    np.testing.assert_allclose(found * np.sign((found * wanted).sum(0)), wanted, **tolerance)


def matrix_by_sums(ys, yt, balance, priors):
    """M of JDA, BDA and W-BDA, entry by entry as the papers write it."""
    ns, n = len(ys), len(ys) + len(yt)
    labels = np.concatenate([ys, yt])
    m = np.zeros((n, n))
    classes = len(np.unique(ys))
    for i, j in itertools.product(range(n), range(n)):
        first, second = i < ns, j < ns
        sign = 1 if first == second else -1
        size = (ns if first else n - ns) * (ns if second else n - ns)
        m[i, j] = (1 - balance) * classes * sign / size
        c = labels[i]
        if c == labels[j] and c in ys and c in yt:
            of = {True: (ys == c).sum(), False: (yt == c).sum()}
            share = {True: (ys == c).mean(), False: (yt == c).mean()}
            weight = classes * np.sqrt(share[first] * share[second]) if priors else 1.0
            m[i, j] += balance * weight * sign / (of[first] * of[second])
    return m / np.linalg.norm(m)


@pytest.mark.parametrize("balance", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("priors", [False, True])
def test_mmd_matrix(balance, priors):
    ys, yt = np.array([0, 0, 1, 2, 2, 2, 3]), np.array([0, 1, 1, 2, 2])  # 3 is the source's alone
    e = discrepancies(ys, yt, balance=balance, priors=priors)
    np.testing.assert_allclose(e @ e.T, matrix_by_sums(ys, yt, balance, priors), atol=1e-12)


def test_mmd_columns_are_differences_of_means():
    xs, ys, xt, yt = sides()
    e = discrepancies(ys, yt)
    gaps = np.concatenate([xs, xt]).T @ e
    wanted = [np.sqrt(3) * (xs.mean(0) - xt.mean(0))]
    wanted += [xs[ys == c].mean(0) - xt[yt == c].mean(0) for c in range(3)]
    ratio = gaps / np.stack(wanted, 1)
    np.testing.assert_allclose(ratio, ratio[0, 0])


@pytest.mark.parametrize("kernel", ["primal", "linear", "rbf"])
@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_jda_with_known_labels_is_the_dense_problem(kernel, balance):
    xs, ys, xt, yt = sides()
    found = jda(
        xs, ys, xt, yt, 4, kernel=kernel, balance=balance, reg=0.3, unit_rows=False,
        bandwidth=3.0,
    )  # fmt: skip
    x = np.concatenate([xs, xt])
    p = {
        "primal": x,
        "linear": x @ x.T,
        "rbf": np.exp(-((x[:, None] - x[None]) ** 2).sum(2) / 18),
    }[kernel]
    centred = p - p.mean(0)
    m = matrix_by_sums(ys, yt, balance, False)
    values, w = eigh(centred.T @ centred, p.T @ m @ p + 0.3 * np.eye(p.shape[1]))
    np.testing.assert_allclose(found.values, values[::-1][:4], rtol=1e-6)
    z = p @ (w / np.linalg.norm(w, axis=0))[:, ::-1][:, :4]
    z = z - z.mean(0) if kernel == "rbf" else z
    same_up_to_sign(rows_of(found), z, atol=1e-5 * np.abs(z).max())
    np.testing.assert_array_equal(found.pseudo_labels, yt)


def test_jda_without_classes_is_tca():
    xs, ys, xt, _ = sides()
    found = jda(xs, ys, xt, None, 3, balance=0.0, unit_rows=False)
    np.testing.assert_allclose(found.source, tca(xs, xt, 3, kernel="primal").source, atol=1e-9)


@pytest.mark.parametrize("kernel", ["primal", "linear", "rbf"])
def test_jda_learns_and_embeds_new_rows(kernel):
    xs, ys, xt, yt = sides(200, 150)
    kept = xs.copy(), ys.copy(), xt.copy()
    found = jda(xs, ys, xt, n_components=4, kernel=kernel, reg=0.1)
    before = (nearest_label(xs, ys, xt) == yt).mean()
    assert (found.pseudo_labels == yt).mean() >= before - 0.02
    np.testing.assert_allclose(apply(found.steps, xt), found.target, atol=1e-8)
    np.testing.assert_allclose(apply(found.steps, xs), found.source, atol=1e-8)
    np.testing.assert_allclose(np.linalg.norm(found.target, axis=1), 1)
    for old, now in zip(kept, (xs, ys, xt), strict=True):
        np.testing.assert_array_equal(old, now)


def test_known_target_labels_are_kept_and_unknown_ones_not_read():
    xs, ys, xt, yt = sides(80, 60)
    known = np.where(np.arange(60) < 10, (yt + 1) % 3, -1)  # wrong on purpose
    found = jda(xs, ys, xt, known, 4)
    np.testing.assert_array_equal(found.pseudo_labels[:10], known[:10])
    half = np.where(np.arange(80) < 40, ys, -1)
    assert set(jda(xs, half, xt, n_components=4).pseudo_labels) <= {0, 1, 2}


@pytest.mark.parametrize("priors", [False, True])
@pytest.mark.parametrize("case", ["one target row", "class missing", "constant", "wide", "single"])
def test_jda_awkward(priors, case):
    xs, ys, xt, _ = sides(40, 30, 90 if case == "wide" else 5, 3) if case != "wide" else wide()
    if case == "one target row":
        xt = xt[:1]
    elif case == "class missing":
        ys = np.where(ys == 2, 1, ys)
    elif case == "constant":
        xs[:, 1], xt[:, 2] = 3.0, -1.0
    elif case == "single":
        xs, xt = xs.astype(np.float32), xt.astype(np.float32)
    found = jda(xs, ys, xt, n_components=50, priors=priors)
    assert found.source.dtype == xs.dtype
    assert np.isfinite(rows_of(found)).all()
    assert set(found.pseudo_labels) <= set(ys)


def wide():
    rng = np.random.default_rng(4)
    ys = rng.integers(0, 3, 40)
    return rng.normal(size=(40, 90)) + np.eye(3, 90)[ys], ys, rng.normal(size=(30, 90)), None


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_tjm_falls_and_its_steps_are_the_dense_problem(kernel):
    xs, _, xt, _ = sides(50, 40)
    x = np.concatenate([xs, xt])
    k = x @ x.T
    if kernel == "rbf":
        k = np.exp(-((x[:, None] - x[None]) ** 2).sum(2) / 18)
    options = {"kernel": kernel, "reg": 0.5, "bandwidth": 3.0}
    found = tjm(xs, xt, 3, max_iter=12, **options)
    assert (np.diff(found.objectives) <= 1e-9 * found.objectives[0]).all()
    np.testing.assert_allclose(apply(found.steps, xt), found.target, atol=1e-7)
    # Two steps with n × n matrices: the second uses the row lengths of the first.
    e = np.concatenate([np.full(50, 1 / 50), np.full(40, -1 / 40)])
    m = np.outer(e, e) / (e @ e)
    h = np.eye(90) - 1 / 90
    g, unit_length = np.ones(90), None
    for turn in (1, 2):
        values, w = eigh(k @ h @ k + 0.0, k @ m @ k + 0.5 * np.diag(g))
        w = w[:, ::-1][:, :3] / np.sqrt(values[::-1][:3])
        unit_length = unit_length or np.sqrt(3 / (w**2).sum())
        w = w * unit_length
        lengths = np.linalg.norm(w, axis=1)
        objective = np.trace(w.T @ k @ m @ k @ w) + 0.5 * (
            lengths[:50].sum() + (lengths[50:] ** 2).sum()
        )
        mine = tjm(xs, xt, 3, max_iter=turn, **options)
        assert mine.objectives[-1] == pytest.approx(objective, rel=1e-5)
        np.testing.assert_allclose(mine.weights, lengths[:50] / lengths[:50].mean(), rtol=1e-3)
        z = k @ (w / np.linalg.norm(w, axis=0))
        z = z - z.mean(0) if kernel == "rbf" else z
        same_up_to_sign(rows_of(mine), z, atol=1e-4 * np.abs(z).max())
        g[:50] = 1 / (2 * lengths[:50])


def test_tjm_gives_rows_unlike_the_target_less():
    rng = np.random.default_rng(0)
    xt = rng.normal(size=(100, 3))
    xs = np.concatenate([rng.normal(size=(80, 3)), rng.normal(size=(20, 3)) + 6])
    weights = tjm(xs, xt, 2, kernel="rbf", reg=1.0).weights
    assert weights.shape == (100,)
    assert weights.mean() == pytest.approx(1)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("case", ["one target row", "constant", "wide", "single"])
def test_tjm_awkward(kernel, case):
    xs, _, xt, _ = wide() if case == "wide" else sides(40, 30)
    if case == "one target row":
        xt = xt[:1]
    elif case == "constant":
        xs[:, 1], xt[:, 2] = 3.0, -1.0
    elif case == "single":
        xs, xt = xs.astype(np.float32), xt.astype(np.float32)
    found = tjm(xs, xt, 50, kernel=kernel)
    assert found.source.dtype == xs.dtype
    assert np.isfinite(rows_of(found)).all()
    assert np.isfinite(found.weights).all()


@pytest.mark.parametrize("kernel", ["primal", "linear", "rbf"])
def test_sstca_is_the_dense_problem(kernel):
    xs, ys, xt, yt = sides()
    labels = np.concatenate([ys, np.where(np.arange(45) < 5, yt, -1)])
    x = np.concatenate([xs, xt])
    n = len(x)
    squares = ((x[:, None] - x[None]) ** 2).sum(2)
    affinity = np.exp(-squares / 18)
    near = np.zeros((n, n), bool)
    for i in range(n):
        near[i, np.argsort(squares[i] + 1e9 * (np.arange(n) == i))[:4]] = True
    affinity *= near | near.T
    laplacian = np.diag(affinity.sum(1)) - affinity
    p = {"primal": x, "linear": x @ x.T, "rbf": np.exp(-squares / 18)}[kernel]
    h = np.eye(n) - 1 / n
    same = (labels[:, None] == labels[None]) & (labels >= 0)[:, None]
    e = np.concatenate([np.full(60, 1 / 60), np.full(45, -1 / 45)])
    size = np.linalg.norm(np.outer(e, e))
    penalty = p.T @ (np.outer(e, e) / size + 50 / n**2 / size * laplacian) @ p
    wanted = p.T @ h @ (0.7 * same + 0.3 * np.eye(n)) @ h @ p
    values, w = eigh(wanted, penalty + 0.2 * np.eye(p.shape[1]))
    found = sstca(
        xs, xt, labels, 3, kernel=kernel, reg=0.2, dependence=0.7, locality=50,
        n_neighbors=4, bandwidth=3.0,
    )  # fmt: skip
    np.testing.assert_allclose(found.values, values[::-1][:3], rtol=1e-6)
    z = p @ (w / np.linalg.norm(w, axis=0))[:, ::-1][:, :3]
    z = z - z.mean(0) if kernel == "rbf" else z
    same_up_to_sign(rows_of(found), z, atol=1e-5 * np.abs(z).max())
    graph, _ = neighbour_graph(x, 4, 3.0, 0)
    np.testing.assert_allclose(graph.toarray(), affinity, atol=1e-12)


def test_sstca_uses_labels():
    rng = np.random.default_rng(0)
    ys = rng.integers(0, 2, 200)
    x = rng.normal(size=(200, 6)) * [5, 5, 5, 1, 1, 1]
    x[:, 5] += 4 * ys
    labels = np.concatenate([ys, np.full(200, -1)])
    xt = x + rng.normal(size=(200, 6)) * 0.1
    aware = sstca(x, xt, labels, 1, kernel="primal", dependence=1.0, locality=0)
    blind = sstca(x, xt, labels, 1, kernel="primal", dependence=0.0, locality=0)

    def tie(found):
        return abs(np.corrcoef(found.target.ravel(), ys)[0, 1])

    assert tie(aware) > 0.6 > 0.3 > tie(blind)
    one = sstca(x, xt[:1], labels[:201], 3)
    assert np.isfinite(rows_of(one)).all()


def test_large_spaces_stay_small():
    xs, _, xt, _ = sides(900, 800)
    for found in (tjm(xs, xt, 3, kernel="rbf"), sstca(xs, xt, np.full(1700, -1), 3)):
        assert found.notes["form"] == "nystrom"
        assert found.notes["landmarks"] == 500


def test_refuses():
    xs, ys, xt, _ = sides()
    with pytest.raises(ValueError, match="ys has shape"):
        jda(xs, ys[:-1], xt)
    with pytest.raises(ValueError, match="ys has shape"):
        jda(xs, np.full(60, -1), xt)
    with pytest.raises(ValueError, match="balance"):
        jda(xs, ys, xt, balance=2)
    with pytest.raises(ValueError, match="kernel"):
        tjm(xs, xt, kernel="primal")
    with pytest.raises(ValueError, match="labels"):
        sstca(xs, xt, ys)
    with pytest.raises(ValueError, match="dependence"):
        sstca(xs, xt, np.full(105, -1), dependence=3)
    space = kernel_space(xs, xt, "primal")
    assert space.notes["form"] == "primal"


def data(*names):
    from scipy.io import loadmat

    return loadmat(needs.data(*names))


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "accuracy"),
    [("USPS_vs_MNIST", 59.65), ("MNIST_vs_USPS", 67.28), ("COIL_1", 89.31), ("COIL_2", 88.47)],
)
def test_jda_on_its_papers_own_files(name, accuracy):
    """Long et al., 2013, table 2: k = 100, λ = 0.1, ten iterations, unit-length rows, 1-NN."""
    files = data("jda_pairs", f"{name}.mat")
    ys, yt = (files[key].ravel().astype(int) for key in ("Y_src", "Y_tar"))
    xs, xt = (unit(files[key].T) for key in ("X_src", "X_tar"))
    found = jda(xs, ys, xt, n_components=100, reg=0.1, max_iter=10)
    assert round(100 * (found.pseudo_labels == yt).mean(), 2) == accuracy


@pytest.mark.data
def test_published_means_on_surf_features():
    """1-NN, k = 20, λ = 1; rows over their sum, columns standardised by domain, unit rows."""
    domains = []
    for name in ("Caltech10", "amazon", "webcam", "dslr"):
        files = data("office_caltech10_surf", f"{name}_SURF_L10.mat")
        x = files["fts"] / files["fts"].sum(1, keepdims=True)
        deviation = x.std(0)
        x = (x - x.mean(0)) / np.where(deviation > 0, deviation, 1)
        domains.append((unit(x), files["labels"].ravel().astype(int)))
    scores = {"tca": [], "jda": []}
    for (xs, ys), (xt, yt) in itertools.permutations(domains, 2):
        found = tca(xs, xt, 20, kernel="primal")
        answers = nearest_label(unit(found.source), ys, unit(found.target))
        scores["tca"].append((answers == yt).mean())
        scores["jda"].append((jda(xs, ys, xt, n_components=20).pseudo_labels == yt).mean())
    assert 100 * np.mean(scores["tca"]) == pytest.approx(46.2, abs=0.3)
    assert 100 * np.mean(scores["jda"]) == pytest.approx(46.8, abs=0.3)
