"""Prototypes: class means, their shrinkage, and leaving out by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestCentroid

from landbridge.solvers.nearest.prototypes import prototypes


def make(n: int, d: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    return rng.normal(size=(n, d)) + rng.normal(size=(classes, d))[labels] + 3.0, labels


@pytest.mark.parametrize("shape", [(80, 5), (30, 60)])
def test_without_shrinkage_it_is_the_nearest_mean(shape):
    x, labels = make(*shape, classes=4)
    found = prototypes(x, labels, 4, shrinkage=0.0)
    model = NearestCentroid().fit(x, labels)
    np.testing.assert_allclose(found.means, model.centroids_, atol=1e-12)
    new = make(50, shape[1], 4, seed=1)[0]
    scores = new @ found.weight.T + found.bias
    np.testing.assert_array_equal(scores.argmax(1), model.predict(new))
    overall = x.mean(0)
    direct = -0.5 * ((new[:, None] - found.means) ** 2).sum(2)
    direct += 0.5 * ((new - overall) ** 2).sum(1)[:, None]
    # Relative to the overall mean, all but for the same term in every class.
    np.testing.assert_allclose(
        scores - scores[:, :1], direct - direct[:, :1], atol=1e-8 * np.abs(direct).max()
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shrinkage", [0.0, 0.3])
def test_leaving_out_is_brute_force(shrinkage, weighted):
    x, labels = make(25, 4, 3)
    weights = np.random.default_rng(1).uniform(0.2, 2, 25) if weighted else np.ones(25)
    found = prototypes(x, labels, 3, shrinkage=shrinkage, weights=weights)
    whole = (weights @ x) / weights.sum()
    for i in range(25):
        rest = np.arange(25) != i
        w, z = weights[rest], x[rest]
        overall = (w @ z) / w.sum()
        for k in range(3):
            own = labels[rest] == k
            mean = (w[own] @ z[own]) / w[own].sum()
            shrunk = (1 - shrinkage) * mean + shrinkage * overall
            score = -0.5 * ((x[i] - shrunk) ** 2).sum() + 0.5 * ((x[i] - whole) ** 2).sum()
            assert found.loo_scores[i, k] == pytest.approx(score, abs=1e-9)


def test_the_only_row_of_a_class_and_a_class_without_rows():
    x, labels = make(20, 3, 2)
    labels[:] = np.arange(20) % 2
    labels[4] = 2
    found = prototypes(x, labels, 4)
    assert found.loo_scores[4, 2] == -np.inf
    assert (found.loo_scores[:, 3] == -np.inf).all()
    assert np.isfinite(found.loo_scores[:, :2]).all()
    scores = x @ found.weight.T + found.bias
    assert (scores[:, 3] < scores[:, :3].max(1) - 2).all()
    assert not found.weight[3].any()


def test_weights_are_repetitions():
    x, labels = make(15, 3, 3)
    times = np.random.default_rng(2).integers(1, 4, 15)
    weighted = prototypes(x, labels, 3, weights=times, shrinkage=0.2)
    repeated = prototypes(np.repeat(x, times, 0), np.repeat(labels, times), 3, shrinkage=0.2)
    np.testing.assert_allclose(weighted.means, repeated.means)
    np.testing.assert_allclose(weighted.bias, repeated.bias)


def test_shrinkage_is_near_the_best_and_helps():
    """True means with variance τ², rows with variance σ²: the best is σ²/n / (σ²/n + τ²)."""
    rng = np.random.default_rng(3)
    d, classes, per = 400, 12, 3
    true = rng.normal(size=(classes, d)) * 0.5
    labels = np.repeat(np.arange(classes), per)
    x = true[labels] + rng.normal(size=(len(labels), d))
    found = prototypes(x, labels, classes)
    best = (1 / per) / (1 / per + 0.25)
    np.testing.assert_allclose(found.shrinkage, best, atol=0.05)
    plain = prototypes(x, labels, classes, shrinkage=0.0)
    assert ((found.means - true) ** 2).sum() < 0.75 * ((plain.means - true) ** 2).sum()


def test_one_row_of_each_class_and_constant_columns():
    x = np.array([[0.0, 1.0], [4.0, 1.0]])
    found = prototypes(x, np.array([0, 1]), 2)
    assert found.shrinkage.tolist() == [0, 0]
    assert found.means.tolist() == x.tolist()
    same = prototypes(np.ones((6, 2)), np.arange(6) % 2, 2)
    assert np.isfinite(same.weight).all()


def test_means_of_pure_noise_collapse():
    rng = np.random.default_rng(4)
    found = prototypes(rng.normal(size=(40, 300)), np.arange(40) % 4, 4)
    assert (found.shrinkage > 0.9).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.array([0, 3])}, "between"),
        ({"weights": np.zeros(2)}, "all 0"),
        ({"shrinkage": 2.0}, "shrinkage"),
        ({"x": np.full((2, 2), np.inf)}, "finite"),
        ({"x": np.ones(2)}, "shape"),
    ],
)
def test_refuses(change, message):
    given = {"x": np.eye(2), "labels": np.array([0, 1]), "n_classes": 2} | change
    with pytest.raises(ValueError, match=message), np.errstate(invalid="ignore"):
        prototypes(**given)
