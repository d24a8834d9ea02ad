"""Probe, CORAL and feature map as methods: what they give, what they refuse, what they say."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from landbridge.base.errors import ConfigError, MethodError
from landbridge.features import CORAL, FeatureMap, Probe
from landbridge.methods.core.base import METHODS, Features, Head
from landbridge.methods.heads.ridge import ridge_head
from landbridge.solvers.calibration.score_calibration import fit_temperature

NAMES = ("probe", "coral", "feature-map")


def domain(n=300, d=8, classes=3, seed=0, known=1.0, matrix=None, offset=0.0, spread=2.5):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    x = rng.normal(size=(n, d)) + spread * np.eye(classes, d)[labels]
    x = (x if matrix is None else x @ matrix) + offset
    mask = np.arange(n) < round(known * n)
    return Features(x.astype(np.float32), np.where(mask, labels, -1), mask), labels


def scores(head: Head, x: np.ndarray) -> np.ndarray:
    return head.logits(x)


def accuracy(head: Head, features: Features, labels: np.ndarray) -> float:
    return float((scores(head, features.x).argmax(1) == labels).mean())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("labelled", [0.0, 0.1, 1.0])
def test_contract(name, labelled):
    source, _ = domain()
    target, labels = domain(seed=1, known=labelled, offset=0.5)
    before = source.x.copy(), target.x.copy(), target.labels.copy()
    head = METHODS.get(name)().fit_head(source, target, 3, seed=0)
    again = METHODS.get(name)().fit_head(source, target, 3, seed=1)
    assert head.affine.weight.shape == (3, 8)
    assert head.affine.bias.shape == (3,)
    assert scores(head, target.x).dtype == np.float32
    np.testing.assert_array_equal(head.affine.weight, again.affine.weight)
    assert accuracy(head, target, labels) > 0.8
    assert {"strength", "loo_accuracy", "temperature"} <= set(head.notes)
    for kept, now in zip(before, (source.x, target.x, target.labels), strict=True):
        np.testing.assert_array_equal(kept, now)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", ["one row", "constant", "wide", "one label a class", "huge"])
def test_awkward(name, case):
    d = 200 if case == "wide" else 8
    source, _ = domain(n=60, d=d)
    target, _ = domain(n=40, d=d, seed=1, known=0.0)
    if case == "one row":
        target = Features(target.x[:1], target.labels[:1], target.labeled_mask[:1])
    elif case == "constant":
        source.x[:, 3], target.x[:, 4] = 0.1, 5.0
    elif case == "one label a class":
        target, _ = domain(n=40, d=d, seed=1, known=3 / 40)
    elif case == "huge":
        source.x[:] *= 1e15
        target.x[:] *= 1e15
    head = METHODS.get(name)().fit_head(source, target, 3, seed=0)
    assert np.isfinite(head.affine.weight).all()
    assert np.isfinite(scores(head, target.x)).all()


def test_probe_reads_only_the_rows_it_should():
    source, _ = domain()
    target, _ = domain(seed=1, known=0.2)
    auto = Probe().fit_head(source, target, 3, 0)
    assert auto.notes["fitted_on"] == "target"
    np.testing.assert_array_equal(auto.weight, Probe().fit_head(None, target, 3, 0).weight)
    for on, rows in (("source", 300), ("target", 60), ("both", 360)):
        head = Probe(on=on).fit_head(source, target, 3, 0)
        assert (head.notes["fitted_on"], head.notes["rows"]) == (on, rows)


def test_probe_folds_standardisation_and_temperature():
    target, _ = domain()
    plain = Probe().fit_head(None, target, 3, 0)
    moved = Features(target.x * 100 + 50, target.labels, target.labeled_mask)
    other = Probe().fit_head(None, moved, 3, 0)
    np.testing.assert_allclose(scores(plain, target.x), scores(other, moved.x), atol=2e-3)


def test_probabilities_are_calibrated():
    from landbridge.metrics.figures import figures

    train, _ = domain(n=400, spread=1.0)
    test, labels = domain(n=20_000, seed=5, spread=1.0)
    logits = scores(Probe().fit_head(None, train, 3, 0), test.x).astype(np.float64)
    p = np.exp(logits - logits.max(1, keepdims=True))
    found = figures(labels, probabilities=p / p.sum(1, keepdims=True))
    assert found.ece < 0.03
    truth = -0.5 * ((test.x[:, None, :] - np.eye(3, 8)) ** 2).sum(2)
    best = np.exp(truth - truth.max(1, keepdims=True))
    best /= best.sum(1, keepdims=True)
    assert found.log_loss < figures(labels, probabilities=best).log_loss + 0.05


def test_temperature():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 5000)
    logits = rng.normal(size=(5000, 3)) * 2
    drawn = (logits + rng.gumbel(size=logits.shape)).argmax(1)
    assert fit_temperature(logits / 7, drawn) == pytest.approx(1 / 7, rel=0.05)
    right = np.eye(3)[labels[:10]]
    assert 0.05 < fit_temperature(right, labels[:10]) < 0.25
    assert fit_temperature(-right, labels[:10]) > 0.25


def test_missing_classes_are_noted():
    target, _ = domain(classes=3)
    head = ridge_head(target.x, target.labels, 5)
    assert head.notes["missing_classes"] == [3, 4]
    assert set(scores(head, target.x).argmax(1)) <= {0, 1, 2}


def test_coral_undoes_a_change_of_covariance():
    source, _ = domain(n=1000)
    rng = np.random.default_rng(3)
    basis = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    stretched = basis @ np.diag(np.geomspace(0.2, 5, 8)) @ basis.T
    target, labels = domain(n=1000, seed=1, known=0.0, matrix=stretched)
    plain = accuracy(Probe().fit_head(source, target, 3, 0), target, labels)
    exact = CORAL(reg=0.1)  # the default trades exactness for steadiness
    coral = accuracy(exact.fit_head(source, target, 3, 0), target, labels)
    assert plain < 0.75
    assert coral > max(0.8, plain + 0.1)


def test_feature_map_finds_a_symmetric_map_without_labels_and_any_map_with_them():
    source, _ = domain(n=2000)
    symmetric = np.diag([1, 2, 0.5, 3, 1, 1, 4, 1.0])
    target, labels = domain(n=2000, seed=1, known=0.0, matrix=symmetric, offset=-4)
    found = FeatureMap(reg=0.01).fit_head(source, target, 3, 0)
    assert found.notes["base"] == "moments"
    assert accuracy(found, target, labels) > 0.9
    any_map = np.random.default_rng(4).normal(size=(8, 5))  # and to another dimension
    target, labels = domain(n=2000, seed=1, known=0.1, matrix=any_map)
    found = FeatureMap().fit_head(source, target, 3, 0)
    assert found.affine.weight.shape == (3, 5)
    assert accuracy(found, target, labels) > 0.7


@pytest.mark.parametrize("method", [CORAL(), FeatureMap(), Probe()])
def test_says_what_is_missing(method):
    source, _ = domain(known=0.0)
    target, _ = domain(known=0.0)
    with pytest.raises(MethodError, match="label"):
        method.fit_head(source, target, 3, 0)
    with pytest.raises(MethodError, match="label"):
        method.fit_head(None, target, 3, 0)


def test_dimensions_that_do_not_fit():
    source, _ = domain()
    target, _ = domain(d=5, known=0.0)
    for method in (CORAL(), FeatureMap()):
        with pytest.raises(MethodError, match="columns"):
            method.fit_head(source, target, 3, 0)
    target, _ = domain(d=5)
    with pytest.raises(MethodError, match="columns"):
        Probe(on="both").fit_head(source, target, 3, 0)


def test_feature_map_refuses_classes_without_source_rows():
    source, _ = domain(classes=3)
    target, _ = domain(classes=4)
    with pytest.raises(MethodError, match=r"\[3\]"):
        FeatureMap().fit_head(source, target, 4, 0)


@pytest.mark.parametrize(
    "method",
    [
        Probe(alphas=()),
        Probe(alphas=(-1.0,)),
        Probe(on="nothing"),
        CORAL(reg=-1),
        CORAL(reg="much"),
        CORAL(head="nothing"),
        FeatureMap(base="nothing"),
        FeatureMap(reg=float("nan")),
    ],
)
def test_bad_options_are_found_when_it_is_fitted(method):
    source, labels = domain()
    with pytest.raises(ConfigError, match=method.name):
        method.fit(source.x, labels, source.x)


def test_discovery_imports_nothing_heavy():
    code = (
        "import sys; from landbridge.methods.core.base import METHODS; list(METHODS);"
        "import landbridge.metrics.ranking, landbridge.metrics.figures;"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'ot') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
