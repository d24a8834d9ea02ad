"""Optimal transport as methods: POT's maps, new rows, known target labels, batches."""

from __future__ import annotations

import numpy as np
import ot
import pytest

from landbridge.base.errors import ConfigError, MethodError
from landbridge.features import (
    JDOT,
    ClassTransport,
    ExactTransport,
    LaplacianTransport,
    SinkhornTransport,
    TransportLabels,
    UnbalancedTransport,
)

ALL = [
    ExactTransport,
    SinkhornTransport,
    ClassTransport,
    UnbalancedTransport,
    LaplacianTransport,
    JDOT,
    TransportLabels,
]
MOVING = ALL[:5]


def make(n: int = 90, m: int = 70, d: int = 4, seed: int = 0):
    rng = np.random.default_rng(seed)
    ys, yt = rng.integers(0, 3, n), rng.integers(0, 3, m)
    means = 4 * rng.normal(size=(3, d))
    xs = rng.normal(size=(n, d)) + means[ys]
    xt = (rng.normal(size=(m, d)) + means[yt]) * 2 + 7
    return xs, np.array(["a", "b", "c"])[ys], xt, np.array(["a", "b", "c"])[yt]


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("change", ["none", "float32", "times 1000", "constant", "wide"])
def test_adapts(method, change):
    xs, ys, xt, yt = make(d=200 if change == "wide" else 4)
    if change == "float32":
        xs, xt = xs.astype(np.float32), xt.astype(np.float32)
    elif change == "times 1000":
        xs, xt = xs * 1000, xt * 1000
    elif change == "constant":
        xs[:, 1] = xt[:, 1] = 5.0
    kept = xs.copy(), xt.copy()
    fitted = method().fit(xs, ys, xt)
    assert fitted.score(xt, yt) > 0.9
    assert np.array_equal(kept[0], xs)
    assert np.array_equal(kept[1], xt)
    again = method().fit(xs, ys, xt)
    np.testing.assert_array_equal(fitted.predict_proba(xt), again.predict_proba(xt))
    assert fitted.decision_function(xt).dtype == xt.dtype


@pytest.mark.parametrize("method", ALL)
def test_one_target_row_and_a_class_missing(method):
    xs, ys, xt, yt = make()
    assert method().fit(xs, ys, xt[:1]).predict(xt[:1]).shape == (1,)
    here = yt != "c"
    assert method().fit(xs, ys, xt[here]).predict(xt).shape == (70,)
    known = np.zeros(70, bool)
    known[np.flatnonzero(yt == "c")[:2]] = True
    left = ys != "c"  # class c is known from the target alone
    found = method().fit(xs[left], ys[left], xt, yt, labelled_t=known)
    assert list(found.classes_) == ["a", "b", "c"]


@pytest.mark.parametrize("method", ALL)
def test_hidden_target_labels_are_not_read_and_known_ones_are(method):
    xs, ys, xt, yt = make(seed=3)
    known = np.arange(70) % 7 == 0
    lies = np.where(known, yt, "a")
    first = method().fit(xs, ys, xt, yt, labelled_t=known)
    second = method().fit(xs, ys, xt, lies, labelled_t=known)
    np.testing.assert_array_equal(first.predict_proba(xt), second.predict_proba(xt))
    none = method().fit(xs, ys, xt)
    assert not np.array_equal(first.predict_proba(xt), none.predict_proba(xt))


def test_images_are_those_of_pot():
    xs, ys, xt, _ = make()
    found = SinkhornTransport(reg=0.05, normalise="max", scaling="none").fit(xs, ys, xt)
    theirs = ot.da.SinkhornTransport(reg_e=0.05, norm="max", tol=1e-11, max_iter=5000)
    expected = theirs.fit(Xs=xs, Xt=xt).transform(Xs=xs)
    np.testing.assert_allclose(found.images_, expected, atol=1e-4)
    domain = np.concatenate([np.ones(90, int), -np.ones(70, int)])
    both = np.concatenate([xs, xt])
    np.testing.assert_allclose(found.transform(both, domain)[:90], expected, atol=1e-4)
    exact = ExactTransport(scaling="none").fit(xs, ys, xt)
    theirs = ot.da.EMDTransport().fit(Xs=xs, Xt=xt)
    new = np.random.default_rng(9).normal(size=(40, 4)) * 3
    np.testing.assert_allclose(
        exact.transform(new, np.ones(40, int)), theirs.transform(Xs=new), atol=1e-9
    )
    np.testing.assert_array_equal(exact.transform(xt), xt)


@pytest.mark.parametrize("method", [*MOVING, TransportLabels])
def test_batches(method):
    xs, ys, xt, yt = make(300, 250)
    found = method(batch_size=64).fit(xs, ys, xt)
    assert found.score(xt, yt) > 0.9
    if method is not TransportLabels:
        assert found.head_.notes["batches"] == 2 * 5
        assert found.images_.shape == xs.shape


def test_jdot_draws_rows_but_keeps_known_ones():
    xs, ys, xt, yt = make(300, 250)
    known = np.zeros(250, bool)
    known[::50] = True
    found = JDOT(batch_size=60).fit(xs, ys, xt, yt, labelled_t=known)
    assert found.head_.notes["rows"] == [60, 60]
    assert found.score(xt, yt) > 0.9


def test_unbalanced_leaves_a_class_behind():
    xs, ys, xt, yt = make()
    far = ys == "c"
    xs = xs + 200 * far[:, None]
    here = yt != "c"
    found = UnbalancedTransport(scaling="none", marginal_reg=0.05).fit(xs, ys, xt[here])
    assert found.mass_[far].mean() < 0.05 * found.mass_[~far].mean()


def test_several_sources_share_one_plan():
    xs, ys, xt, _ = make()
    domain = np.concatenate([1 + np.arange(90) % 2, -np.ones(70, int)])
    x, y = np.concatenate([xs, xt]), np.concatenate([ys, ["a"] * 70])
    several = ExactTransport().fit(x, y, sample_domain=domain, labelled=domain > 0)
    one = ExactTransport().fit(xs, ys, xt)
    np.testing.assert_array_equal(several.predict_proba(xt), one.predict_proba(xt))


def test_says_what_is_wrong():
    xs, ys, xt, _ = make()
    with pytest.raises(ConfigError, match="reg = 0"):
        SinkhornTransport(reg=0.0).fit(xs, ys, xt)
    with pytest.raises(ConfigError, match="normalise"):
        SinkhornTransport(normalise="most").fit(xs, ys, xt)
    with pytest.raises(ConfigError, match="batch_size"):
        ExactTransport(batch_size=0).fit(xs, ys, xt)
    with pytest.raises(MethodError, match="labelled source rows"):
        ExactTransport().fit(
            xs, ys, xt, xt[:, 0].astype(int).astype(str), labelled=np.zeros(90, bool)
        )
