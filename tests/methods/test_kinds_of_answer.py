"""Every method that says it can answer numbers, or several labels at once, does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from landbridge.base.errors import MethodError
from landbridge.methods.core.base import EVERY, METHODS, Features, Requirements
from landbridge.methods.core.feature import FeatureMethod
from landbridge.methods.core.resolve import Setting, make_method, require, unmet
from landbridge.methods.heads.ridge import ridge_head
from landbridge.solvers.calibration.score_calibration import platt
from landbridge.targets.registry import get_target_type

PAIRS = [
    (name, answers)
    for name, kind in METHODS.items()
    for answers in ("regression", "multilabel")
    if issubclass(kind, FeatureMethod) and answers in kind.needs.target_types
]
SITUATION = Setting("labelled", "few", True, True)


def sides(answers, shift=1.0):
    """A source and a target that is shifted and scaled, with some labels."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5))
    goal = x[:, :2] @ np.array([[2.0, 1.0], [1.0, -1.0]])
    y = goal[:, 0] + 0.05 * rng.normal(size=300) if answers == "regression" else goal > 0.0
    labels = y.astype(np.float32)
    xt = x[150:] * 1.2 + shift
    known = np.arange(150) % 6 == 0
    return Features(x[:150], labels[:150], np.ones(150, bool)), Features(xt, labels[150:], known)


def error(head, target):
    out = head.logits(target.x)
    if target.labels.ndim == 1:
        return float(np.square(out[:, 0] - target.labels).mean() / target.labels.var())
    return float(((out > 0) != (target.labels > 0.5)).mean())


@pytest.mark.parametrize(("name", "answers"), PAIRS)
def test_it_answers(name, answers):
    source, target = sides(answers)
    method = make_method(name)
    given = source if method.needs.source != "none" else None
    head = method.fit_head(given, target, 1 if answers == "regression" else 2, 0)
    out = head.logits(target.x)
    assert out.shape == (150, 1 if answers == "regression" else 2)
    assert np.isfinite(out).all()
    # A constant has 1, a coin 0.5. Trees on few weighted rows follow a plane in coarse steps.
    assert error(head, target) < (0.6 if name == "weighted-trees" else 0.4)
    assert np.array_equal(method.fit_head(given, target, out.shape[1], 0).logits(target.x), out)


@pytest.mark.parametrize(("name", "answers"), PAIRS)
def test_labels_that_are_not_granted_do_not_matter(name, answers):
    source, target = sides(answers)
    if make_method(name).needs.target != "labelled":
        target = replace(target, labeled_mask=np.zeros(150, bool))
    other = target.labels.copy()
    other[~target.labeled_mask] = 9
    outputs = [
        make_method(name).fit_head(source, replace(target, labels=labels), 2, 0).logits(target.x)
        for labels in (target.labels, other)
    ]
    assert np.array_equal(*outputs)


def test_what_is_declared():
    for name in ("source-only", "scratch", "probe", "finetune", "lp-ft", "head-only", "layerwise"):
        assert METHODS.get(name).needs.target_types == EVERY, name
    for name in ("structure", "joint", "coral", "dann", "rsd", "deep-coral+dann", "joint+rsd"):
        assert make_method(name).needs.target_types == EVERY, name
    for name in ("mcc", "infomax", "consistency", "bbse", "jda", "mcc+dann", "combine"):
        assert make_method(name).needs.target_types == {"multiclass"}, name
    assert METHODS.get("tradaboost-r2").needs.target_types == {"regression"}


def test_a_method_that_cannot_says_so_and_names_those_that_can():
    numbers = replace(SITUATION, target_type="regression")
    with pytest.raises(MethodError, match=r"(?s)one of several classes.*a number.*rsd") as said:
        require(make_method("mcc"), numbers)
    named = str(said.value).split("name one of", 1)[1].split(";", 1)[0]
    assert "mcc" not in named
    assert "tradaboost-r2" in named
    with pytest.raises(MethodError, match="it answers a number"):
        require(make_method("tradaboost-r2"), SITUATION)
    assert unmet(Requirements("any", "any", False), SITUATION) == ""


def test_ridge_of_numbers_is_ridge():
    source, _ = sides("regression")
    head = ridge_head(source.x, source.labels, 1, (3.0,))
    z = (source.x - source.x.mean(0)) / source.x.std(0)
    expected = Ridge(3.0).fit(z, source.labels).predict(z)
    np.testing.assert_allclose(head.logits(source.x)[:, 0], expected, atol=1e-5)


def test_belief_is_logistic_regression_on_scores():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(4000, 2))
    labels = rng.random((4000, 2)) < 1 / (1 + np.exp(-(scores * [2.0, 0.5] + [1.0, -1.0])))
    slopes, offsets = platt(scores, labels)
    for j in range(2):
        plain = LogisticRegression(C=np.inf, tol=1e-8).fit(scores[:, [j]], labels[:, j])
        assert slopes[j] == pytest.approx(plain.coef_[0, 0], abs=0.01)
        assert offsets[j] == pytest.approx(plain.intercept_[0], abs=0.01)
    slopes, offsets = platt(scores[:20], np.ones((20, 2)))  # it always applies
    assert np.isfinite([slopes, offsets]).all()


def test_a_head_that_cannot_says_so():
    source, target = sides("regression")
    with pytest.raises(MethodError, match="nearest"):
        make_method("coral", {"head": "nearest"}).fit_head(source, target, 1, 0)


def test_targets():
    numbers, classes = get_target_type("regression"), get_target_type("multiclass")
    assert numbers.regression_targets(np.array([0.5, 2.0]), 1).tolist() == [[0.5], [2.0]]
    assert classes.regression_targets(np.array([1, 0]), 2).tolist() == [[-1, 1], [1, -1]]
