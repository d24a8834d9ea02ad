"""Ridge over a path of strengths: against brute force, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge, RidgeClassifierCV

from landbridge.solvers.linear.ridge import one_vs_rest, ridge_loo

ALPHAS = np.logspace(-3, 5, 17)


def make(n: int, d: int, classes: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) / np.sqrt(d)
    return x + rng.normal(size=(classes, d))[labels] + 3.0, labels


def compare(x, labels, *, weights=None, tolerance=1e-5, precision="auto"):
    classes = labels.max() + 1
    ours = ridge_loo(x, one_vs_rest(labels, classes), ALPHAS, weights=weights, precision=precision)
    theirs = RidgeClassifierCV(alphas=ALPHAS, store_cv_results=True)
    theirs.fit(x.astype(np.float64), labels, sample_weight=weights)
    assert ours.strength == pytest.approx(theirs.alpha_)
    coef = theirs.coef_
    assert np.abs(ours.weight - coef).max() <= tolerance * np.abs(coef).max()
    assert np.abs(ours.bias - theirs.intercept_).max() <= tolerance * (
        1 + np.abs(coef).max() * np.abs(x).max()
    )
    return ours, theirs


@pytest.mark.parametrize(
    ("n", "d"), [(300, 20), (60, 200), (100, 100), (101, 100), (120, 100), (8, 3), (6, 500)]
)
def test_agrees_with_scikit_learn(n, d):
    compare(*make(n, d))


def test_float32_agrees_with_scikit_learn():
    ours, _ = compare(*make(300, 20), precision="float32")
    assert ours.precision == "float32"


@pytest.mark.parametrize("shape", [(400, 30), (40, 90)])
@pytest.mark.parametrize(
    "change", ["constant", "times 1000", "float32", "duplicates", "offset", "tiny"]
)
def test_awkward_inputs(shape, change):
    x, labels = make(*shape)
    if change == "constant":
        x[:, ::3] = 0.1
    elif change == "times 1000":
        x *= 1000
    elif change == "float32":
        x = x.astype(np.float32)
    elif change == "duplicates":
        x, labels = np.concatenate([x, x[:7], x[:7]]), np.concatenate([labels, *[labels[:7]] * 2])
        x = np.concatenate([x, x[:, :5]], axis=1)
    elif change == "offset":
        x += 1e4
    elif change == "tiny":
        x *= 1e-3
    before = x.copy()
    compare(x, labels)
    assert np.array_equal(x, before)


@pytest.mark.parametrize("shape", [(400, 30), (40, 90)])
def test_weights(shape):
    x, labels = make(*shape)
    weights = np.random.default_rng(1).uniform(0.1, 3, len(x))
    compare(x, labels, weights=weights)


@pytest.mark.parametrize("shape", [(50, 6), (12, 30)])
def test_whole_weights_are_repetitions_in_the_fit(shape):
    x, labels = make(*shape)
    targets = one_vs_rest(labels, 4)
    times = np.random.default_rng(2).integers(0, 3, len(x))
    weighted = ridge_loo(x, targets, [0.7], weights=times)
    repeated = ridge_loo(np.repeat(x, times, 0), np.repeat(targets, times, 0), [0.7])
    np.testing.assert_allclose(weighted.weight, repeated.weight, atol=1e-9)
    left = times == 0
    ordinary = x[left] @ weighted.weight.T + weighted.bias
    np.testing.assert_allclose(weighted.loo_predictions[left], ordinary, atol=1e-9)


def test_a_class_with_one_example():
    x, labels = make(200, 12)
    labels[labels == 3] = 0
    labels[17] = 3
    compare(x, labels)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "d"), [(15, 4), (9, 25), (10, 9), (10, 10)])
def test_brute_force(n, d, weighted, intercept):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(n, d)) + 1, rng.normal(size=(n, 2))
    weights = rng.uniform(0.2, 2, n) if weighted else np.ones(n)
    alphas = [1e-2, 1.0, 30.0]
    path = ridge_loo(x, y, alphas, weights=weights if weighted else None, fit_intercept=intercept)
    predictions = np.empty((3, n, 2))
    for s, alpha in enumerate(alphas):
        for i in range(n):
            kept = np.arange(n) != i
            model = Ridge(alpha=alpha, fit_intercept=intercept, solver="cholesky")
            model.fit(x[kept], y[kept], sample_weight=weights[kept])
            predictions[s, i] = model.predict(x[i : i + 1])[0]
    errors = (weights[:, None] * (predictions - y) ** 2).mean(axis=(1, 2))
    np.testing.assert_allclose(path.loo_errors, errors, rtol=1e-8)
    best = errors.argmin()
    assert path.strength == alphas[best]
    np.testing.assert_allclose(path.loo_predictions, predictions[best], rtol=1e-7, atol=1e-9)


def test_float32_at_size_agrees_with_float64():
    x, labels = make(6000, 300, classes=5)
    x += np.random.default_rng(5).normal(size=x.shape)
    x, targets = x.astype(np.float32), one_vs_rest(labels, 5)
    short = ridge_loo(x, targets, ALPHAS, precision="float32")
    long = ridge_loo(x, targets, ALPHAS, precision="float64")
    assert short.precision == "float32"
    assert short.weight.dtype == short.loo_predictions.dtype == np.float32
    assert short.strength == long.strength
    np.testing.assert_allclose(short.loo_errors, long.loo_errors, rtol=1e-5)
    np.testing.assert_allclose(short.weight, long.weight, atol=2e-6 * np.abs(long.weight).max())
    np.testing.assert_allclose(short.loo_predictions, long.loo_predictions, atol=1e-5)


def test_auto_goes_on_to_float64_where_float32_cannot_tell_strengths_apart(monkeypatch):
    import landbridge.solvers.linear.ridge as module

    monkeypatch.setattr(module, "_CHEAP", 0)
    x, labels = make(500, 30)
    assert ridge_loo(x, one_vs_rest(labels, 4), ALPHAS).precision == "float32"
    twice = np.concatenate([x, x + 1], axis=1)  # rank 30 of 60
    assert ridge_loo(twice, one_vs_rest(labels, 4), ALPHAS).precision == "mixed"
    compare(twice, labels)
    constant = np.concatenate([x, np.full_like(x, 0.3)], axis=1)  # harmless, and common
    assert ridge_loo(constant, one_vs_rest(labels, 4), ALPHAS).precision == "float32"
    x, labels = make(2000, 300)  # smallest eigenvalue a millionth of the largest
    assert ridge_loo(x, one_vs_rest(labels, 4), ALPHAS).precision == "mixed"
    compare(x, labels)
    x *= 1e6
    assert ridge_loo(x, one_vs_rest(labels, 4), ALPHAS).precision == "float64"
    x, labels = make(500, 30)
    lonely = x.copy()
    lonely[3] = 0
    lonely[:, 5] = 0
    lonely[3, 5] = 1000.0  # a column alive in one row: h is 1 there
    assert ridge_loo(lonely, one_vs_rest(labels, 4), ALPHAS).precision == "float64"


def test_misclassification_criterion():
    x, labels = make(80, 10)
    targets = one_vs_rest(labels, 4)
    path = ridge_loo(x, targets, ALPHAS, criterion="misclassified")
    wrong = (path.loo_predictions.argmax(1) != labels).mean()
    assert wrong == pytest.approx(path.loo_misclassified.min())
    assert np.isnan(ridge_loo(x, targets, ALPHAS).loo_misclassified).all()
    binary = ridge_loo(x, targets[:, :1], ALPHAS, criterion="misclassified")
    wrong = ((binary.loo_predictions[:, 0] > 0) != (labels == 0)).mean()
    assert wrong == pytest.approx(binary.loo_misclassified.min())


def test_one_row():
    path = ridge_loo(np.ones((1, 5)), np.array([[1.0, -1.0]]), ALPHAS)
    assert path.strength == ALPHAS.max()
    assert np.isnan(path.loo_errors).all()
    assert path.loo_predictions.tolist() == [[0, 0]]
    assert path.weight.shape == (2, 5)
    assert not path.weight.any()
    assert path.bias.tolist() == [1, -1]


def test_tensors_short_floats_and_read_only_arrays():
    x, labels = make(100, 8)
    targets = one_vs_rest(labels, 4)
    x16 = x.astype(np.float16)
    x16.setflags(write=False)
    path = ridge_loo(x16, targets, ALPHAS)
    again = ridge_loo(torch.from_numpy(x16.astype(np.float32)), targets, ALPHAS)
    np.testing.assert_array_equal(path.weight, again.weight)
    assert path.weight.dtype == np.float32


def test_matmul_setting_is_restored():
    x, labels = make(50, 5)
    before = torch.get_float32_matmul_precision()
    ridge_loo(x, one_vs_rest(labels, 4), [1.0], matmul_precision="medium")
    assert torch.get_float32_matmul_precision() == before
    with pytest.raises(ValueError, match="finite"):
        ridge_loo(x * np.nan, one_vs_rest(labels, 4), [1.0], matmul_precision="medium")
    assert torch.get_float32_matmul_precision() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alphas": [0.0]}, "positive"),
        ({"alphas": []}, "positive"),
        ({"targets": np.ones((4, 1))}, "shape"),
        ({"targets": np.full((5, 1), np.inf)}, "finite"),
        ({"x": np.ones(5)}, "shape"),
        ({"weights": -np.ones(5)}, "negative"),
        ({"weights": np.zeros(5)}, "every weight"),
        ({"criterion": "other"}, "criterion"),
    ],
)
def test_refuses(change, message):
    given = {"x": np.ones((5, 2)), "targets": np.ones((5, 1)), "alphas": [1.0]} | change
    with pytest.raises(ValueError, match=message):
        ridge_loo(**given)
