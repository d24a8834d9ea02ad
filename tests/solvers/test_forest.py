"""Forests as arrays, against scikit-learn's own answers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import ensemble

from landbridge.inference.layers import apply
from landbridge.solvers.boosting.forest import forest
from landbridge.solvers.boosting.trees import boosted_trees


def rows(n=300, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5)) * [1, 1e6, 1e-6, 1, 1]
    x[:, 3] = rng.integers(0, 4, n)  # ties: where a threshold lies matters
    return x.astype(np.float32).astype(np.float64), rng


@pytest.mark.parametrize("extra", [True, False])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_classes_as_scikit_learn_answers(extra, classes, dtype):
    x, rng = rows()
    y = (np.digitize(x[:, 0] + x[:, 3], [0, 1.5, 3]) + rng.integers(0, 2, 300)) % classes
    weights = rng.random(300)
    kind = ensemble.ExtraTreesClassifier if extra else ensemble.RandomForestClassifier
    model = kind(20, random_state=3).fit(x, y, weights)
    new, _ = rows(seed=1)
    logits = apply(
        forest(x, y, classes, 3, weights, extra=extra, n_estimators=20), new.astype(dtype)
    )
    right = model.predict_proba(new) + 1 / (300 + classes)
    right /= right.sum(1, keepdims=True)
    assert np.abs(np.exp(logits.astype(float)) - right).max() < 1e-5


@pytest.mark.parametrize("extra", [True, False])
def test_numbers_as_scikit_learn_answers(extra):
    x, rng = rows()
    y = 3 * x[:, 0] + x[:, 3] ** 2 + 0.1 * rng.normal(size=300)
    kind = ensemble.ExtraTreesRegressor if extra else ensemble.RandomForestRegressor
    model = kind(20, random_state=3, min_samples_leaf=3).fit(x, y)
    new, _ = rows(seed=1)
    found = apply(forest(x, y, 0, 3, extra=extra, n_estimators=20, min_samples_leaf=3), new)
    assert np.allclose(found[:, 0], model.predict(new), rtol=1e-6, atol=1e-6)


def test_a_class_without_rows_is_never_answered_and_one_alone_always():
    x, _ = rows()
    some = apply(forest(x, np.where(x[:, 0] > 0, 3, 1), 4, 0, n_estimators=10), x)
    assert set(some.argmax(1)) == {1, 3}
    alone = apply(forest(x, np.full(300, 2), 4, 0, n_estimators=10), x)
    assert (alone.argmax(1) == 2).all()


def test_weights_move_boosted_trees_and_a_class_of_one_row_may_stop_early():
    x, rng = rows(500)
    y = rng.integers(0, 2, 500)
    heavy = np.where(y == 1, 50.0, 0.02)
    share = [
        apply([boosted_trees(x, y, 2, 0, w, max_iter=5)], x).argmax(1).mean() for w in (None, heavy)
    ]
    assert share[0] < 0.8
    assert share[1] == 1
    y[0] = 2
    options = {"early_stopping": True, "max_iter": 5}
    assert apply([boosted_trees(x, y, 3, 0, **options)], x).shape == (500, 3)
