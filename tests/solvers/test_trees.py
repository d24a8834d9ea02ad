"""Boosted trees as arrays, against scikit-learn's own answers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from landbridge.inference.layers import apply
from landbridge.solvers.boosting.trees import boosted_trees, odds_of

OPTIONS = {"max_iter": 25, "min_samples_leaf": 3, "max_leaf_nodes": 9}


def rows(n=300, seed=0):
    rng = np.random.default_rng(seed)
    # Many ties, huge and tiny scales, float32: where a threshold lies matters.
    x = rng.normal(size=(n, 5)) * [1, 1e6, 1e-6, 1, 1]
    x[:, 3] = rng.integers(0, 4, n)
    return x.astype(np.float32).astype(np.float64), rng


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_classes_as_scikit_learn_answers(classes, dtype):
    x, rng = rows()
    y = (np.digitize(x[:, 0] + x[:, 3], [0, 1.5, 3]) + rng.integers(0, 2, 300)) % classes
    model = HistGradientBoostingClassifier(random_state=3, **OPTIONS).fit(x, y)
    new, _ = rows(seed=1)
    trees = boosted_trees(x, y, classes, 3, **OPTIONS)
    logits = apply([trees], new.astype(dtype)).astype(float)
    p = np.exp(logits - logits.max(1, keepdims=True))
    assert np.abs(p / p.sum(1, keepdims=True) - model.predict_proba(new)).max() < 1e-5


def test_numbers_as_scikit_learn_answers():
    x, rng = rows()
    y = 3 * x[:, 0] + x[:, 3] ** 2 + 0.1 * rng.normal(size=300)
    model = HistGradientBoostingRegressor(random_state=3, **OPTIONS).fit(x, y)
    new, _ = rows(seed=1)
    found = apply([boosted_trees(x, y, 0, 3, **OPTIONS)], new)[:, 0]
    assert np.allclose(found, model.predict(new), rtol=1e-6, atol=1e-6)


def test_a_class_without_rows_is_never_answered():
    x, _ = rows()
    y = np.where(x[:, 0] > 0, 3, 1)
    logits = apply([boosted_trees(x, y, 4, 0, **OPTIONS)], x)
    assert set(logits.argmax(1)) == {1, 3}
    assert (logits[:, [0, 2]].max(1) < logits[:, [1, 3]].min(1) - 10).all()
    alone = apply([boosted_trees(x, np.full(300, 2), 4, 0, **OPTIONS)], x)
    assert (alone.argmax(1) == 2).all()


def test_several_labels_are_the_odds_of_each():
    x, _ = rows()
    labels = [(x[:, 0] > 0).astype(int), (x[:, 3] > 1).astype(int), np.zeros(300, int)]
    each = [boosted_trees(x, y, 2, 0, **OPTIONS) for y in labels]
    pairs = [apply([trees], x) for trees in each]
    found = apply([odds_of(each)], x)
    for k, own in enumerate(pairs):
        assert np.allclose(found[:, k], own[:, 1] - own[:, 0], atol=1e-9)
