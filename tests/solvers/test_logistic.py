"""Logistic regression: against scikit-learn, against the formula, and its awkward cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from landbridge.solvers.folds import stratified_folds
from landbridge.solvers.linear.lbfgs import Lbfgs
from landbridge.solvers.linear.logistic import logistic_cv, logistic_path

ALPHAS = [0.1, 1.0, 30.0]


def make(n: int, d: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) / np.sqrt(d)
    return x + rng.normal(size=(classes, d))[labels] + 3.0, labels


def objective(x, labels, weight, bias, strength, weights=None):
    """Σ w ℓ + α/2 ‖W‖², written out; one output is the second class's score."""
    scores = x.astype(np.float64) @ weight.T.astype(np.float64) + bias
    if scores.shape[1] == 1:
        scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
    loss = logsumexp(scores, axis=1) - scores[np.arange(len(x)), labels]
    w = np.ones(len(x)) if weights is None else weights
    return w @ loss + strength / 2 * (weight.astype(np.float64) ** 2).sum()


def compare(x, labels, weights=None, tolerance=1e-4):
    fit = logistic_path(x, labels, labels.max() + 1, ALPHAS, weights=weights, tolerance=1e-13)
    assert fit.converged.all()
    for j, strength in enumerate(ALPHAS):
        model = LogisticRegression(C=1 / strength, tol=1e-9, max_iter=20_000)
        model.fit(x, labels, sample_weight=weights)
        scale = np.abs(model.coef_).max()
        assert np.abs(fit.weights[j] - model.coef_).max() <= tolerance * scale
        reached = objective(x, labels, fit.weights[j], fit.biases[j], strength, weights)
        theirs = objective(x, labels, model.coef_, model.intercept_, strength, weights)
        assert reached <= theirs * (1 + 1e-9)
        assert fit.objectives[j] == pytest.approx(reached, rel=1e-9)
        ours = x @ fit.weights[j].T + fit.biases[j]
        other = x @ model.coef_.T + model.intercept_
        np.testing.assert_allclose(ours, other, atol=1e-3 * np.abs(other).max())
    return fit


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize(("n", "d"), [(200, 10), (60, 90), (40, 40)])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_scikit_learn(n, d, classes, weighted):
    x, labels = make(n, d, classes)
    weights = np.random.default_rng(1).uniform(0.2, 2, n) if weighted else None
    compare(x, labels, weights)


@pytest.mark.parametrize("change", ["constant", "offset", "duplicates", "no row of weight"])
def test_awkward_inputs(change):
    x, labels = make(150, 8, 3)
    weights = None
    if change == "constant":
        x[:, ::3] = 0.1
    elif change == "offset":
        x += 30
    elif change == "duplicates":
        x = np.concatenate([x, x[:, :4]], axis=1)
    else:
        weights = (np.arange(150) % 3 > 0).astype(float)
        weights[:3] = 1
    before = x.copy()
    compare(x, labels, weights, tolerance=1e-3)
    assert np.array_equal(x, before)


def test_times_1000_is_the_same_with_a_strength_times_a_million():
    x, labels = make(120, 6, 3)
    plain = logistic_path(x, labels, 3, [1.0], tolerance=1e-13)
    large = logistic_path(x * 1000, labels, 3, [1e6], tolerance=1e-13)
    np.testing.assert_allclose(large.weights * 1000, plain.weights, rtol=1e-4, atol=1e-6)


def test_without_intercept():
    x, labels = make(100, 5, 3)
    fit = logistic_path(x, labels, 3, [2.0], fit_intercept=False, tolerance=1e-13)
    model = LogisticRegression(C=0.5, fit_intercept=False, tol=1e-10, max_iter=5000).fit(x, labels)
    np.testing.assert_allclose(fit.weights[0], model.coef_, atol=1e-5)
    assert not fit.biases.any()


def test_class_weights_are_sample_weights():
    x, labels = make(200, 6, 3)
    labels[labels == 2] = np.where(np.arange((labels == 2).sum()) % 5 == 0, 2, 0)
    balanced = len(labels) / (3 * np.bincount(labels))
    fit = logistic_path(x, labels, 3, [1.0], weights=balanced[labels], tolerance=1e-13)
    model = LogisticRegression(class_weight="balanced", tol=1e-10, max_iter=5000).fit(x, labels)
    np.testing.assert_allclose(fit.weights[0], model.coef_, atol=2e-5)


def test_float32_reaches_the_same_objective():
    x, labels = make(1000, 40, 5)
    short = x.astype(np.float32)
    for strength, fit in ((s, logistic_path(short, labels, 5, [s])) for s in (1e-1, 1.0, 100.0)):
        assert fit.weights.dtype == np.float32
        best = logistic_path(x, labels, 5, [strength], tolerance=1e-9).objectives[0]
        found = objective(x, labels, fit.weights[0], fit.biases[0], strength)
        assert found <= best * (1 + 1e-4)


def test_separable_rows_stay_finite():
    x = np.linspace(-1, 1, 20)[:, None]
    labels = (x[:, 0] > 0).astype(int)
    fit = logistic_path(x, labels, 2, [1e-4, 1e-2])
    assert fit.converged.all()
    assert np.isfinite(fit.weights).all()
    assert ((x @ fit.weights[0].T + fit.biases[0])[:, 0] > 0).tolist() == (labels == 1).tolist()


@pytest.mark.parametrize("classes", [3, 4])
def test_a_class_without_rows_is_never_answered(classes):
    x, labels = make(90, 5, classes - 1)
    labels[labels == 1] = classes - 1  # class 1 is missing
    fit = logistic_path(x, labels, classes, [1.0])
    scores = x @ fit.weights[0].T + fit.biases[0]
    scores -= logsumexp(scores, axis=1, keepdims=True)
    assert (np.exp(scores[:, 1]) < 1 / 91).all()
    assert not fit.weights[0][1].any()
    there = [k for k in range(classes) if k != 1]
    alone = logistic_path(x, np.searchsorted(there, labels), classes - 1, [1.0])
    if classes > 3:
        np.testing.assert_allclose(fit.weights[0][there], alone.weights[0], atol=1e-3)


@pytest.mark.parametrize("classes", [2, 3])
def test_offsets_are_scores_to_begin_with(classes):
    x, labels = make(60, 4, classes)
    outputs = 1 if classes == 2 else classes
    rng = np.random.default_rng(2)
    weight, bias = rng.normal(size=(outputs, 4)), rng.normal(size=outputs)
    fit = logistic_path(x, labels, classes, [5.0], offsets=x @ weight.T + bias, tolerance=1e-13)

    def value(theta):  # α on the distance from `weight`
        moved = theta[: outputs * 4].reshape(outputs, 4)
        plain = objective(x, labels, moved, theta[outputs * 4 :], 0.0)
        return plain + 2.5 * ((moved - weight) ** 2).sum()

    best = minimize(value, np.zeros(outputs * 5), options={"maxiter": 5000, "gtol": 1e-9})
    np.testing.assert_allclose(
        fit.weights[0] + weight, best.x[: outputs * 4].reshape(outputs, 4), atol=1e-4
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_cross_validation_is_fold_by_fold(classes):
    x, labels = make(90, 5, classes)
    x += np.random.default_rng(3).normal(size=x.shape) * 2
    folds = stratified_folds(labels, 3)
    folds[:10] = -1  # in every fit, never judged
    choice = logistic_cv(x, labels, classes, ALPHAS, folds, tolerance=1e-10)
    right, lost = np.zeros(3), np.zeros(3)
    every = []
    for j, strength in enumerate(ALPHAS):
        scores = np.full((90, classes), np.nan)
        for fold in range(3):
            out = folds == fold
            model = LogisticRegression(C=1 / strength, tol=1e-9, max_iter=5000)
            model.fit(x[~out], labels[~out])
            scores[out] = model.predict_log_proba(x[out])
        judged = folds >= 0
        right[j] = (scores[judged].argmax(1) == labels[judged]).mean()
        lost[j] = -scores[judged, labels[judged]].mean()
        every.append(scores)
    np.testing.assert_allclose(choice.accuracy, right)
    np.testing.assert_allclose(choice.log_loss, lost, rtol=1e-3)
    best = 2 - int(np.argmax(right[::-1]))
    assert choice.strength == ALPHAS[best]
    ours = choice.scores
    assert np.isnan(ours[:10]).all()
    if classes > 2:
        ours = ours - logsumexp(ours, axis=1, keepdims=True)
        np.testing.assert_allclose(ours[10:], every[best][10:], atol=0.02)
    whole = LogisticRegression(C=1 / choice.strength, tol=1e-9, max_iter=5000).fit(x, labels)
    np.testing.assert_allclose(choice.fit.weights[0], whole.coef_, atol=1e-3)


def test_log_loss_criterion_and_a_class_with_one_row():
    x, labels = make(40, 3, 3)
    labels[labels == 2] = 0
    labels[7] = 2
    choice = logistic_cv(x, labels, 3, ALPHAS, np.arange(40) % 4, criterion="log_loss")
    assert np.isfinite(choice.scores).all()
    assert choice.strength == ALPHAS[int(choice.log_loss.argmin())]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alphas": [0.0]}, "positive"),
        ({"labels": np.array([0, 1, 2, 0])}, "between"),
        ({"labels": np.array([0.0, 1, 1, 0])}, "integers"),
        ({"weights": np.zeros(4)}, "every weight"),
        ({"weights": -np.ones(4)}, "negative"),
        ({"offsets": np.zeros((4, 2))}, "offsets"),
        ({"x": np.full((4, 2), np.nan)}, "finite"),
        ({"n_classes": 1}, "between"),
    ],
)
def test_refuses(change, message):
    given = {
        "x": np.eye(4)[:, :2], "labels": np.array([0, 1, 1, 0]), "n_classes": 2, "alphas": [1.0]
    } | change  # fmt: skip
    with pytest.raises(ValueError, match=message):
        logistic_path(**given)


def test_cross_validation_refuses():
    x, labels = np.eye(4), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match="no row"):
        logistic_cv(x, labels, 2, [1.0], np.full(4, -1))
    with pytest.raises(ValueError, match="every row"):
        logistic_cv(x, labels, 2, [1.0], np.zeros(4, dtype=int))
    with pytest.raises(ValueError, match="shape"):
        logistic_cv(x, labels, 2, [1.0], np.zeros(3, dtype=int))


def test_lbfgs_on_a_quadratic_with_a_bad_scale():
    scale = np.logspace(0, 3, 30)

    def f(x):
        return float(scale @ x**2 / 2) + 1, scale * x

    search = Lbfgs(np.ones(30), *f(np.ones(30)), tolerance=1e-14, max_iter=500)
    while not search.done:
        search.report(*f(search.trial))
    assert search.converged
    assert search.value == pytest.approx(1, abs=1e-10)


def test_lbfgs_steps_back_from_what_is_not_finite():
    def f(x):
        with np.errstate(invalid="ignore"):
            return float(x[0] - np.log(x[0])), np.array([1 - 1 / x[0]])

    search = Lbfgs(np.array([0.01]), *f(np.array([0.01])), tolerance=1e-12, max_iter=200)
    while not search.done:
        search.report(*f(search.trial))
    assert search.point[0] == pytest.approx(1, abs=1e-4)


def test_folds_are_even_in_every_class():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 7, 103)
    folds = stratified_folds(labels, 5, rng)
    for label in range(7):
        counts = np.bincount(folds[labels == label], minlength=5)
        assert counts.max() - counts.min() <= 1
    assert np.bincount(folds).max() - np.bincount(folds).min() <= 1
    with pytest.raises(ValueError, match="2 or more"):
        stratified_folds(labels, 1)
