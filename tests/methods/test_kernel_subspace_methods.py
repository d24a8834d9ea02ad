"""TCA, SSTCA, JDA, BDA, TJM and JPCA as methods: what is theirs alone."""

from __future__ import annotations

import numpy as np
import pytest

import needs
from landbridge.base.errors import ConfigError
from landbridge.features import BDA, JDA, JPCA, SSTCA, TCA, TJM
from landbridge.methods.core.base import METHODS

ALL = (TCA, SSTCA, JDA, BDA, TJM, JPCA)


def sides(n=120, m=90, d=8, seed=0, kind=np.float64):
    rng = np.random.default_rng(seed)
    names = np.array(["ant", "bee", "cat"])
    ys, yt = rng.integers(0, 3, n), rng.integers(0, 3, m)
    xs = rng.normal(size=(n, d)) + 3 * np.eye(3, d)[ys]
    xt = rng.normal(size=(m, d)) * 1.2 + 3 * np.eye(3, d)[yt] + 2
    return xs.astype(kind), names[ys], xt.astype(kind), names[yt]


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("unit_rows", [False, True])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_adapts_and_transforms_new_rows(method, unit_rows, kind):
    xs, ys, xt, yt = sides(kind=kind)
    model = method(n_components=4, unit_rows=unit_rows).fit(xs, ys, xt)
    assert model.score(xt, yt) > 0.8
    new = sides(seed=1, kind=kind)
    assert model.score(new[2], new[3]) > 0.75
    z = model.transform(xt)
    assert z.shape == (90, 4)
    assert z.dtype == kind
    both = np.concatenate([xt, xs])  # target rows first
    domain = np.r_[np.full(90, -1), np.ones(120, int)]
    labelled = np.r_[np.zeros(90, bool), np.ones(120, bool)]
    stacked = method(n_components=4, unit_rows=unit_rows)
    rows = stacked.fit_transform(
        both, np.concatenate([yt, ys]), sample_domain=domain, labelled=labelled
    )
    again = stacked.transform(both, sample_domain=domain)
    np.testing.assert_allclose(rows, again, atol=1e-3 if kind == np.float32 else 1e-7)
    np.testing.assert_array_equal(stacked.predict(xt), model.predict(xt))


@pytest.mark.parametrize("method", [TCA, SSTCA, JDA, BDA, JPCA])
@pytest.mark.parametrize("kernel", ["primal", "linear", "rbf"])
def test_kernels(method, kernel):
    xs, ys, xt, yt = sides()
    model = method(kernel=kernel, n_components=4).fit(xs, ys, xt)
    assert model.score(xt, yt) > (0.5 if kernel == "linear" else 0.7)
    assert model.head_.notes["kernel"] == kernel
    few = method(kernel="rbf", n_components=4, landmarks=30).fit(xs, ys, xt)
    assert few.head_.notes["form"] == "nystrom"


@pytest.mark.parametrize("method", [SSTCA, JDA, BDA])
def test_hidden_target_labels_are_not_read(method):
    xs, ys, xt, yt = sides()
    shown = np.arange(90) < 20
    first = method().fit(xs, ys, xt, yt, labelled_t=shown)
    other = np.where(shown, yt, "ant")
    second = method().fit(xs, ys, xt, other, labelled_t=shown)
    np.testing.assert_array_equal(first.predict(xt), second.predict(xt))


def test_known_target_labels_stay():
    xs, ys, xt, yt = sides()
    shown = np.arange(90) < 30
    model = JDA().fit(xs, ys, xt, yt, labelled_t=shown)
    np.testing.assert_array_equal(model.classes_[model.pseudo_labels_[:30]], yt[:30])


def test_tjm_says_what_rows_count():
    xs, ys, xt, _ = sides()
    model = TJM(weighted_head=True).fit(xs, ys, xt)
    assert model.weights_.shape == (120,)
    assert 1 <= model.head_.notes["effective_rows"] <= 120.001


def test_components_follow_the_classes():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(30), 10)
    x = rng.normal(size=(300, 80))
    assert TCA().fit(x, y, x).transform(x).shape == (300, 60)
    assert TCA().fit(x, y % 3, x).transform(x).shape == (300, 20)


@pytest.mark.parametrize(
    "method",
    [
        TCA(n_components=-1),
        TCA(reg=0.0),
        TCA(landmarks=-3),
        SSTCA(dependence=2.0),
        SSTCA(locality=-1.0),
        SSTCA(n_neighbors=0),
        JDA(max_iter=0),
        BDA(balance=-0.1),
        JPCA(head="nothing"),
    ],
)
def test_refuses(method):
    xs, ys, xt, _ = sides()
    with pytest.raises(ConfigError, match=method.name):
        method.fit(xs, ys, xt)


@pytest.mark.data
@pytest.mark.parametrize(("name", "accuracy"), [("USPS_vs_MNIST", 59.65), ("MNIST_vs_USPS", 67.28)])
def test_jda_as_its_paper(name, accuracy):
    from scipy.io import loadmat

    files = loadmat(needs.data("jda_pairs", f"{name}.mat"))
    ys, yt = (files[key].ravel() for key in ("Y_src", "Y_tar"))
    model = JDA(n_components=100, reg=0.1, head="nearest", scaling="none")
    score = model.fit(files["X_src"].T, ys, files["X_tar"].T).score(files["X_tar"].T, yt)
    assert round(100 * score, 2) == accuracy


def test_registered():
    for method in ALL:
        assert issubclass(method, METHODS.get(method.name))
