"""Reweighting estimators: they help where they should, and say so where few rows are left."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from landbridge.base.errors import ConfigError, LandbridgeWarning, MethodError
from landbridge.base.seeds import numpy_rng
from landbridge.features import (
    BBSE,
    KLIEP,
    KMM,
    RULSIF,
    ULSIF,
    DiscriminatorWeights,
    GaussianWeights,
    LabelShiftEM,
    NearestWeights,
)
from landbridge.features.estimator import estimator_of
from landbridge.methods.core.base import METHODS, Features
from landbridge.methods.reweighting.base import Reweighting
from landbridge.solvers.density_ratio.base import effective_sample_size, flattened
from landbridge.solvers.density_ratio.kliep import kliep

COVARIATE = [KLIEP, ULSIF, RULSIF, KMM, DiscriminatorWeights, NearestWeights, GaussianWeights]
LABEL = [BBSE, LabelShiftEM]
both = pytest.mark.parametrize("kind", [*COVARIATE, *LABEL])


def curved(n=900, m=700, seed=0):
    """Labels by a parabola: a straight line fits either domain, and not both."""
    rng = numpy_rng(seed, "curved")
    xs, xt = rng.normal(size=(n, 2)), rng.normal(size=(m, 2)) * 0.6 + [1.0, 0.6]
    names = np.array(["below", "over"])
    return (
        xs,
        names[(xs[:, 1] > xs[:, 0] ** 2 - 0.5).astype(int)],
        xt,
        names[(xt[:, 1] > xt[:, 0] ** 2 - 0.5).astype(int)],
    )


def classes(priors, n, rng):
    labels = rng.choice(3, n, p=priors)
    return np.array([[0.0, 0], [1.6, 0], [0, 1.6]])[labels] + rng.normal(size=(n, 2)), labels


def shifted(n=1500, m=1200):
    rng = numpy_rng(0, "shifted")
    xs, ys = classes([0.6, 0.3, 0.1], n, rng)
    xt, yt = classes([0.1, 0.2, 0.7], m, rng)
    return xs, ys, xt, yt


def quiet(method, *given, **named):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LandbridgeWarning)
        return method.fit(*given, **named)


@pytest.mark.parametrize("kind", COVARIATE)
def test_helps_where_a_simple_head_cannot_fit_both_domains(kind):
    xs, ys, xt, yt = curved()
    alone = estimator_of(METHODS.get("probe"))().fit(xs, ys, xt).score(xt, yt)
    found = quiet(kind(least_effective=0.2), xs, ys, xt)
    assert found.score(xt, yt) > alone + 0.03
    assert found.weights_.mean() == pytest.approx(1, abs=0.05)
    moved = np.average(xs, axis=0, weights=found.weights_) - xs.mean(0)
    assert moved @ (xt.mean(0) - xs.mean(0)) > 0  # towards the target and not away from it
    share = effective_sample_size(found.weights_) / len(xs)
    assert share >= 0.2 - 1e-6
    assert found.head_.notes["effective_rows"] == pytest.approx(share * len(xs), abs=0.1)


@pytest.mark.parametrize("kind", LABEL)
@pytest.mark.parametrize("correct", ["weights", "answers"])
def test_label_shift(kind, correct):
    xs, ys, xt, yt = shifted()
    alone = estimator_of(METHODS.get("probe"))().fit(xs, ys, xt).score(xt, yt)
    found = quiet(kind(correct=correct, least_effective=0.0), xs, ys, xt)
    np.testing.assert_allclose(found.target_priors_, [0.1, 0.2, 0.7], atol=0.06)
    assert found.score(xt, yt) > alone + 0.1
    assert found.head_.notes["target_priors"] == found.target_priors_.round(4).tolist()
    np.testing.assert_allclose(np.bincount(ys, found.weights_) / len(ys), found.target_priors_)
    same = quiet(kind(correct=correct), xs, ys, xs)
    np.testing.assert_allclose(same.weights_, 1, atol=0.15)


@pytest.mark.parametrize("kind", LABEL)
def test_label_shift_with_a_class_missing_on_a_side(kind):
    xs, ys, xt, yt = shifted()
    here = xt[yt != 0]
    found = quiet(kind(), xs, ys, here)
    assert found.target_priors_[0] < 0.06
    # A class of which only target rows are labelled: the source can say nothing on it.
    some = yt == 2
    found = quiet(kind(), xs[ys < 2], ys[ys < 2], xt, yt, labelled_t=some)
    assert found.head_.notes["classes_only_in_target"] == [2]
    assert found.target_priors_[2] == 0
    assert found.score(xt[some], yt[some]) > 0.5


def test_plain_weights_are_the_solvers():
    xs, ys, xt, _ = curved(200, 150)
    found = quiet(KLIEP(least_effective=0.0, scaling="none", random_state=3), xs, ys, xt)
    np.testing.assert_array_equal(found.weights_, kliep(xs, xt, seed=3).weights)


def test_says_where_few_rows_carry_the_answer():
    rng = np.random.default_rng(0)
    xs, ys = rng.normal(size=(300, 5)), rng.integers(0, 2, 300)
    xt = rng.normal(size=(200, 5)) * 0.3 + 2
    with pytest.warns(LandbridgeWarning, match=r"gaussian-weights: 300 weighted .* few rows carry"):
        plain = GaussianWeights(least_effective=0.0).fit(xs, ys, xt)
    assert plain.head_.notes["effective_rows"] < 30
    with pytest.warns(LandbridgeWarning, match=r"worth .* flattened to 150"):
        flat = GaussianWeights(least_effective=0.5).fit(xs, ys, xt)
    assert flat.head_.notes["plain_effective_rows"] == plain.head_.notes["plain_effective_rows"]
    assert flat.head_.notes["effective_rows"] == pytest.approx(150, abs=0.1)
    assert 0 < flat.head_.notes["flattened_to_power"] < 1
    order = np.argsort(plain.weights_)  # flatter, in the same order
    assert (np.diff(flat.weights_[order]) >= -1e-12).all()


@pytest.mark.parametrize("kind", LABEL)
def test_says_where_a_class_is_put_at_nothing(kind):
    rng = np.random.default_rng(0)
    ys = np.repeat([0, 1], 200)
    xs = rng.normal(size=(400, 2)) + 2 * ys[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error", LandbridgeWarning)
        found = kind().fit(xs, ys, xs[50:350])
    assert found.head_.notes["classes_put_at_0"] == []
    # Both classes have moved: the farther one looks as if it were all there is.
    with pytest.warns(LandbridgeWarning, match=rf"{kind.name}: of the source's classes .* \[0\]"):
        found = kind().fit(xs, ys, xs + 4)
    assert found.head_.notes["classes_put_at_0"] == [0]
    assert found.target_priors_[0] * 400 < 1


def test_both_warnings_are_said():
    rng = np.random.default_rng(0)
    ys = np.repeat([0, 1, 2], [285, 285, 30])
    xs = rng.normal(size=(600, 2)) + 6 * np.eye(3, 2)[ys]
    with pytest.warns(LandbridgeWarning, match=r"\[0, 1\] in the target.*; bbse: 600 weighted"):
        BBSE(least_effective=0.0).fit(xs, ys, rng.normal(size=(100, 2)) - 2)


def test_flattened():
    rng = np.random.default_rng(0)
    w = np.exp(3 * rng.normal(size=400))
    found, power = flattened(w, 0.5)
    assert effective_sample_size(found) == pytest.approx(200, rel=1e-6)
    np.testing.assert_allclose(found, w**power / (w**power).mean())
    same, power = flattened(w, 0.0)
    assert power == 1
    np.testing.assert_allclose(same, w / w.mean())
    sparse = np.zeros(400)
    sparse[:20] = rng.uniform(1, 2, 20)
    found, power = flattened(sparse, 0.5)  # no power makes 200 rows of 20
    assert power == 0
    assert effective_sample_size(found) == pytest.approx(200)
    assert found[0] > found[50] > 0
    np.testing.assert_allclose(flattened(w, 1.0)[0], 1, rtol=1e-6)
    with pytest.raises(ValueError, match="share"):
        flattened(w, 1.5)


@both
def test_stacked_interleaved_rows_are_the_same(kind):
    xs, ys, xt, _ = curved(150, 110)
    first = quiet(kind(), xs, ys, xt)
    rng = np.random.default_rng(0)
    place = np.sort(rng.permutation(260)[:150])
    domain = np.full(260, -2)
    domain[place] = 1
    x, y = np.empty((260, 2)), np.full(260, "nothing to read", dtype=object)
    x[domain > 0], x[domain < 0] = xs, xt
    y[domain > 0] = ys
    kept = x.copy(), y.copy()
    second = quiet(kind(), x, y, sample_domain=domain, labelled=domain > 0)
    np.testing.assert_array_equal(first.weights_, second.weights_)
    np.testing.assert_array_equal(first.predict_proba(xt), second.predict_proba(xt))
    assert first.classes_.tolist() == ["below", "over"]
    assert np.array_equal(x, kept[0])
    assert np.array_equal(y, kept[1])


@both
@pytest.mark.parametrize("case", ["d > n", "constant", "one target", "times 1000", "float32"])
def test_awkward_inputs(kind, case):
    rng = np.random.default_rng(1)
    d = 80 if case == "d > n" else 5
    ys = np.arange(40) % 2
    xs, xt = rng.normal(size=(40, d)) + 2 * ys[:, None], rng.normal(size=(30, d)) + 1
    if case == "constant":
        xs[:, 2], xt[:, 2] = 0.1, 0.1
        xs[:, 4], xt[:, 4] = 3.0, -3.0
    elif case == "one target":
        xt = xt[:1]
    elif case == "times 1000":
        ordinary = quiet(kind(), xs, ys, xt).weights_
        found = quiet(kind(), xs * 1000, ys, xt * 1000).weights_
        np.testing.assert_allclose(found, ordinary, atol=5e-3)
        xs, xt = xs * 1000, xt * 1000
    elif case == "float32":
        xs, xt = xs.astype(np.float32), xt.astype(np.float32)
    found = quiet(kind(), xs, ys, xt)
    assert np.isfinite(found.predict_proba(xt)).all()
    assert found.predict_proba(xt).dtype == xt.dtype
    assert (found.weights_ >= 0).all()
    if kind in COVARIATE or case != "one target":  # one row says: all are of its class
        assert found.score(xs, ys) > 0.6


@both
def test_unlabelled_source_rows_and_labelled_target_rows(kind):
    xs, ys, xt, yt = curved(200, 150)
    known, labeled_t = np.arange(200) % 3 > 0, np.arange(150) < 12
    found = quiet(kind(), xs, ys, xt, yt, labelled=known, labelled_t=labeled_t)
    other = np.where(known, ys, "below"), np.where(labeled_t, yt, "over")
    again = quiet(kind(), xs, other[0], xt, other[1], labelled=known, labelled_t=labeled_t)
    np.testing.assert_array_equal(found.predict_proba(xt), again.predict_proba(xt))
    assert found.head_.notes["rows"] == known.sum()


@pytest.mark.parametrize("kind", [KLIEP, NearestWeights, BBSE])
def test_any_classifier_as_head(kind):
    xs, ys, xt, _ = curved(300, 200)
    found = quiet(kind(head=LogisticRegression()), xs, ys, xt)
    assert isinstance(found.head_.classifier, LogisticRegression)
    assert found.score(xs, ys) > 0.6


@both
def test_refuses(kind):
    xs, ys, xt, _ = curved(30, 20)
    with pytest.raises(ConfigError, match="least_effective"):
        kind(least_effective=1.5).fit(xs, ys, xt)
    with pytest.raises(ConfigError, match="head"):
        kind(head="none such").fit(xs, ys, xt)
    side = Features(xt, np.zeros(20, np.int64), np.zeros(20, bool))
    with pytest.raises(MethodError, match="labelled source"):
        kind().fit_head(None, side, 2, 0)
    assert issubclass(kind, Reweighting)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (KLIEP, {"bandwidth_factors": ()}),
        (KLIEP, {"folds": 1}),
        (ULSIF, {"alphas": (-1.0,)}),
        (RULSIF, {"relative": 1.0}),
        (KMM, {"upper": 0.5}),
        (KMM, {"bandwidth_factor": 0.0}),
        (DiscriminatorWeights, {"alphas": (0.0,)}),
        (NearestWeights, {"smoothing": -1.0}),
        (GaussianWeights, {"shrinkage": 2.0}),
        (BBSE, {"kind": "firm"}),
        (BBSE, {"correct": "answers", "head": LogisticRegression()}),
        (LabelShiftEM, {"folds": 0}),
    ],
)
def test_refuses_options(kind, wrong):
    xs, ys, xt, _ = curved(30, 20)
    with pytest.raises(ConfigError):
        kind(**wrong).fit(xs, ys, xt)
