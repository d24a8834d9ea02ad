"""The methods for a few target labels, as estimators; and the heads that features end in."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from landbridge.backbones.heads import StepsHead, head_from_state
from landbridge.base.errors import ConfigError, MethodError
from landbridge.features.estimator import estimator_of
from landbridge.inference.layers import WeightedMedian, apply
from landbridge.methods.core.base import METHODS
from landbridge.methods.heads.base import HEADS, fit_head
from landbridge.solvers.boosting.tradaboost_r2 import weighted_median

CLASSIFIERS = ["source-prior", "weighted-joint", "feature-augmentation", "tradaboost"]
NAMES = np.array(["ant", "bee", "cat", "dog"])


def made(name):
    return estimator_of(METHODS.get(name))


def case(ns=300, nt=200, d=20, classes=3, per_class=3, seed=0, turn=0.6):
    """Source and target classes whose means are turned a bit; a few target labels."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(classes, d)) * 1.2
    other = means + turn * rng.normal(size=(classes, d))
    ys, yt = rng.integers(0, classes, ns), rng.integers(0, classes, nt)
    xs = means[ys] + rng.normal(size=(ns, d))
    xt = other[yt] + rng.normal(size=(nt, d)) + 0.5
    few = np.zeros(nt, dtype=bool)
    for k in range(classes):
        few[np.flatnonzero(yt == k)[:per_class]] = True
    return xs, NAMES[ys], xt, NAMES[yt], few


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_no_worse_than_either_side_alone(name):
    gained = []
    for seed in range(4):
        xs, ys, xt, yt, few = case(seed=seed, turn=0.8)
        judged = ~few
        hidden = np.where(few, yt, "?")
        method = made(name)().fit(xs, ys, xt, hidden, labelled_t=few)
        score = method.score(xt[judged], yt[judged])
        source = made("probe")(on="source").fit(xs, ys, xt)
        target = made("probe")(on="target").fit(xs, ys, xt, hidden, labelled_t=few)
        gained.append(score - max(m.score(xt[judged], yt[judged]) for m in (source, target)))
        assert method.head_.notes["target_labels"] == few.sum()
    assert np.mean(gained) > -0.02


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_probabilities_labels_and_inputs(name):
    xs, ys, xt, yt, few = case()
    kept = [a.copy() for a in (xs, ys, xt, yt, few)]
    method = made(name)().fit(xs, ys, xt, yt, labelled_t=few)
    again = clone(method).fit(xs, ys, xt, yt, labelled_t=few)
    p = method.predict_proba(xt)
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-6)
    np.testing.assert_array_equal(p, again.predict_proba(xt))
    assert set(method.predict(xt)) <= {"ant", "bee", "cat"}
    for before, after in zip(kept, (xs, ys, xt, yt, few), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_labels_that_are_not_known_are_not_read(name):
    xs, ys, xt, yt, few = case()
    other = np.where(few, yt, "ant")
    a = made(name)().fit(xs, ys, xt, yt, labelled_t=few)
    b = made(name)().fit(xs, ys, xt, other, labelled_t=few)
    np.testing.assert_array_equal(a.predict_proba(xt), b.predict_proba(xt))


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize(
    "change",
    ["missing in target", "missing in source", "one a class", "one", "none", "wide", "float32",
     "constant", "times 1000", "stacked"],
)  # fmt: skip
def test_awkward_cases(name, change):
    d = 400 if change == "wide" else 20
    per_class = 1 if change == "one a class" else 3
    xs, ys, xt, yt, few = case(d=d, per_class=per_class, turn=0.3, ns=150)
    if change == "missing in target":
        few &= yt != "cat"
    elif change == "missing in source":
        xs, ys = xs[ys != "cat"], ys[ys != "cat"]
    elif change == "one":
        few[np.flatnonzero(few)[1:]] = False
    elif change == "none":
        few[:] = False
    elif change == "float32":
        xs, xt = xs.astype(np.float32), xt.astype(np.float32)
    elif change == "constant":
        xs[:, 3] = xt[:, 3] = 7.0
    elif change == "times 1000":
        xs, xt = xs * 1000, xt * 1000
    method = made(name)()
    if change == "stacked":
        order = np.random.default_rng(1).permutation(len(xs) + len(xt))
        x, y = np.concatenate([xs, xt])[order], np.concatenate([ys, yt])[order]
        domain = np.where(order < len(xs), 1, -1)
        known = np.concatenate([np.ones(len(xs), bool), few])[order]
        method.fit(x, y, sample_domain=domain, labelled=known)
    else:
        method.fit(xs, ys, xt, yt, labelled_t=few)
    p = method.predict_proba(xt)
    assert np.isfinite(p).all()
    if change == "float32":
        assert p.dtype == np.float32
    score = method.score(xt, yt)
    assert score > (0.6 if change in ("missing in source", "one") else 0.85)
    if change == "missing in target" and name != "tradaboost":
        assert (method.predict(xt[yt == "cat"]) == "cat").mean() > 0.7


def test_a_source_that_lies_is_left():
    xs, ys, xt, yt, few = case(per_class=15, turn=0.0)
    wrong = {"ant": "bee", "bee": "cat", "cat": "ant"}
    ys = np.array([wrong[y] for y in ys])
    prior = made("source-prior")().fit(xs, ys, xt, yt, labelled_t=few)
    assert prior.head_.notes["trust"] < 1
    joint = made("weighted-joint")().fit(xs, ys, xt, yt, labelled_t=few)
    assert joint.head_.notes["share"] <= 0.1
    for method in (prior, joint):
        assert method.score(xt, yt) > 0.9


def test_source_prior_with_logistic_loss():
    xs, ys, xt, yt, few = case()
    method = made("source-prior")(loss="logistic").fit(xs, ys, xt, yt, labelled_t=few)
    assert method.score(xt[~few], yt[~few]) > 0.85
    two = ys != "cat", yt != "cat"
    method.fit(xs[two[0]], ys[two[0]], xt[two[1]], yt[two[1]], labelled_t=few[two[1]])
    assert method.score(xt[two[1]], yt[two[1]]) > 0.9


def test_unlabelled_rows_change_the_answer_of_ea_plus_plus():
    xs, ys, xt, yt, few = case()
    plain = made("feature-augmentation")().fit(xs, ys, xt, yt, labelled_t=few)
    more = made("feature-augmentation")(agreement=1.0).fit(xs, ys, xt, yt, labelled_t=few)
    assert more.head_.notes["unlabelled"] == (~few).sum()
    assert not np.allclose(plain.predict_proba(xt), more.predict_proba(xt))
    assert more.score(xt, yt) > 0.85


def test_tradaboost_with_trees_and_its_weights():
    xs, ys, xt, yt, few = case(per_class=10)
    flipped = np.arange(len(ys)) % 4 == 0
    ys[flipped] = "ant"
    wrong = flipped & (case()[1] != "ant")
    method = made("tradaboost")(learner=DecisionTreeClassifier(max_depth=4, random_state=0))
    method.fit(xs, ys, xt, yt, labelled_t=few)
    assert method.score(xt[~few], yt[~few]) > 0.6
    assert method.weights_.shape == (len(xs) + few.sum(),)
    ridge = made("tradaboost")().fit(xs, ys, xt, yt, labelled_t=few)
    own = ridge.weights_[: len(xs)]
    assert own[~wrong].mean() > 2 * own[wrong].mean()
    scaled = made("tradaboost")(learner=LogisticRegression()).fit(xs, ys, xt, yt, labelled_t=few)
    assert np.isfinite(scaled.predict_proba(xt)).all()


@pytest.mark.parametrize("name", [*CLASSIFIERS, "hard votes"])
def test_heads_are_steps_that_a_run_can_store(name):
    xs, ys, xt, yt, few = case()
    hard = name == "hard votes"
    method = made("tradaboost")(voting="hard") if hard else made(name)()
    method.fit(xs, ys, xt, yt, labelled_t=few)
    module = StepsHead(method.head_.steps)
    again = head_from_state(module.state_dict())
    x = torch.from_numpy(xt.astype(np.float32))
    direct = method.decision_function(xt)
    np.testing.assert_array_equal(again(x).argmax(1).numpy(), direct.argmax(1))
    np.testing.assert_allclose(again(x).detach().numpy(), direct, atol=1e-3)


def test_hard_and_soft_votes_mostly_agree():
    xs, ys, xt, yt, few = case()
    soft, hard = (
        made("tradaboost")(voting=v).fit(xs, ys, xt, yt, labelled_t=few) for v in ("soft", "hard")
    )
    assert (soft.predict(xt) == hard.predict(xt)).mean() > 0.95


def test_the_weighted_median_is_the_solvers():
    rng = np.random.default_rng(3)
    answers, say = rng.normal(size=(50, 7)), rng.uniform(0.1, 2, 7)
    found = apply([WeightedMedian(say)], answers)
    np.testing.assert_array_equal(found[:, 0], weighted_median(answers.T, say))


def regression(n=300, m=250, labelled=30, seed=0):
    """Friedman's function; a third of the source follows another law."""
    rng = np.random.default_rng(seed)
    x = rng.random((n + m, 6))
    wave, bowl = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]), 20 * (x[:, 2] - 0.5) ** 2
    y = wave + bowl + 10 * x[:, 3] + 5 * x[:, 4]
    y[: n // 3] = (0.3 * wave + bowl - 10 * x[:, 3] + 5 * x[:, 4])[: n // 3]
    y += rng.normal(size=n + m)
    return x[:n], y[:n], x[n:], y[n:], np.arange(m) < labelled


def test_tradaboost_r2_turns_from_the_source_that_follows_another_law():
    scores = []
    for seed in range(4):
        xs, ys, xt, yt, few = regression(seed=seed)
        tree = DecisionTreeRegressor(max_depth=5, random_state=0)
        method = made("tradaboost-r2")(learner=tree, steps=6, n_estimators=6, folds=3)
        method.fit(xs, ys, xt, np.where(few, yt, 1e9), labelled_t=few)
        source = clone(tree).fit(xs, ys)
        pooled = clone(tree).fit(np.r_[xs, xt[few]], np.r_[ys, yt[few]])
        scores.append([m.score(xt[~few], yt[~few]) for m in (method, source, pooled)])
        assert method.predict(xt).shape == (len(xt),)
        assert not hasattr(method, "predict_proba")
        assert method.weights_.sum() == pytest.approx(1)
    boosted, source, pooled = np.mean(scores, axis=0)
    assert boosted > max(source, pooled) + 0.2


def test_tradaboost_r2_takes_weight_from_rows_of_another_law():
    held = []  # by rows of the same law, by rows of the other
    law = np.arange(1.0, 7.0)
    for seed in range(4):
        xs, _, xt, _, few = regression(seed=seed)
        ys, yt = xs @ law, xt @ law
        ys[:100] = xs[:100] @ law[::-1]
        noise = np.random.default_rng(seed).normal(size=(2, 300))
        ys, yt = ys + 0.3 * noise[0], yt + 0.3 * noise[1, : len(yt)]
        method = made("tradaboost-r2")(steps=6, n_estimators=6, folds=3)
        method.fit(xs, ys, xt, np.where(few, yt, 1e9), labelled_t=few)
        assert method.score(xt[~few], yt[~few]) > 0.97
        held.append([method.weights_[100:300].sum(), method.weights_[:100].sum()])
    same, other = np.mean(held, axis=0)
    assert same >= 4 * other  # of two rows to one


def test_tradaboost_r2_with_ridge_one_label_and_none():
    xs, _, xt, _, _ = regression()
    ys, yt = xs @ np.arange(6.0) + 1, xt @ np.arange(6.0) + 1
    for labels in (8, 1, 0):
        method = made("tradaboost-r2")().fit(xs, ys, xt, yt, labelled_t=np.arange(len(yt)) < labels)
        assert method.score(xt, yt) > 0.99


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("source-prior", {"trusts": ()}),
        ("source-prior", {"alphas": (0.0,)}),
        ("weighted-joint", {"shares": (1.0,)}),
        ("feature-augmentation", {"agreement": -1.0}),
        ("tradaboost", {"n_estimators": 0}),
        ("tradaboost", {"learner": "forest"}),
        ("tradaboost-r2", {"folds": 1}),
        ("tradaboost-r2", {"learner": 3}),
    ],
)
def test_options_out_of_range(name, options):
    with pytest.raises(ConfigError):
        made(name)(**options).check()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_columns_must_agree(name):
    xs, ys, xt, yt, few = case()
    with pytest.raises(MethodError, match="columns"):
        made(name)().fit(xs[:, :5], ys, xt, yt, labelled_t=few)


# heads ---------------------------------------------------------------------------------------


def rows(n=160, d=10, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(classes, d)) * 1.5
    labels = rng.integers(0, classes, n)
    return means[labels] + rng.normal(size=(n, d)), labels


@pytest.mark.parametrize("head", ["logistic", "prototypes", "nearest", "neighbours"])
@pytest.mark.parametrize(
    "change", ["plain", "two classes", "weights", "judged", "missing", "wide", "float32", "tiny"]
)
def test_heads(head, change):
    d = 300 if change == "wide" else 10
    x, labels = rows(d=d, classes=2 if change == "two classes" else 3)
    n_classes, options = labels.max() + 1, {}
    train, test = slice(0, 100), slice(100, 160)
    if change == "weights":
        options["weights"] = np.where(np.arange(100) % 5 == 0, 0.0, 1.25)
    elif change == "judged":
        options["eval_mask"] = np.arange(100) >= 90
    elif change == "missing":
        n_classes += 1
    elif change == "float32":
        x = x.astype(np.float32)
    elif change == "tiny":
        train = slice(0, 1)
    found = fit_head(head, x[train], labels[train], n_classes, **options)
    logits = found.logits(x[test])
    assert logits.shape == (60, n_classes)
    assert np.isfinite(logits).all()
    assert logits.dtype == x.dtype
    if change != "tiny":
        assert (logits.argmax(1) == labels[test]).mean() > 0.85
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        assert -np.log(p[np.arange(60), labels[test]]).mean() < 0.6
    if change == "missing":
        assert (logits.argmax(1) < 3).all()
        assert found.notes["missing_classes"] == [3]
    assert set(HEADS) >= {"logistic", "prototypes", "nearest", "neighbours", "ridge"}


def test_nearest_is_one_nearest_neighbour():
    x, labels = rows()
    found = fit_head("nearest", x[:100], labels[:100], 3)
    near = ((x[100:, None] - x[:100]) ** 2).sum(2).argmin(1)
    np.testing.assert_array_equal(found.logits(x[100:]).argmax(1), labels[:100][near])
