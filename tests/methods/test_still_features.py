"""Methods that move a head on features that stand still: against formulas and known shifts."""

from __future__ import annotations

import numpy as np
import pytest

import landbridge.features as features
from landbridge.base.errors import MethodError
from landbridge.methods.core.base import METHODS, Features
from landbridge.methods.core.resolve import make_method
from landbridge.methods.core.scaling import scaled
from landbridge.solvers.calibration.softmax import softmax
from landbridge.solvers.linear.discriminant_em import discriminant_em

NAMES = ["mean-matching", "linear-mcc", "linear-infomax", "discriminant-em", "consensus"]


def clusters(n, seed, *, k=4, d=12, shares=None, moved=0.0):
    rng = np.random.default_rng(seed)
    y = rng.choice(k, n, p=shares)
    x = 4 * np.eye(k, d)[y] + rng.normal(size=(n, d))
    return (x + moved * np.linspace(-1, 1, d)).astype(np.float32), y


def sides(x, y, labeled):
    return Features(x, np.where(labeled, y, 0), labeled)


def fitted(name, xs, ys, xt, k=4, labels=None, labeled=None):
    labels = np.zeros(len(xt), int) if labels is None else labels
    labeled = np.zeros(len(xt), bool) if labeled is None else labeled
    source = sides(xs, ys, np.ones(len(xs), bool))
    return make_method(name).fit_head(source, sides(xt, labels, labeled), k, 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_shift_of_all_rows_is_followed(name):
    (xs, ys), (xt, yt) = clusters(300, 0), clusters(240, 1, moved=5.0)
    before = (fitted("probe", xs, ys, xt).logits(xt).argmax(1) == yt).mean()
    after = (fitted(name, xs, ys, xt).logits(xt).argmax(1) == yt).mean()
    assert before < 0.9 < after


@pytest.mark.parametrize("name", NAMES)
def test_more_columns_than_rows_float32_and_known_target_labels(name):
    (xs, ys), (xt, yt) = clusters(40, 0, d=120), clusters(36, 1, d=120)
    labeled = np.arange(36) % 3 == 0
    head = fitted(name, xs, ys, xt, labels=yt, labeled=labeled)
    logits = head.logits(xt)
    assert logits.shape == (36, 4)
    assert np.isfinite(logits).all()
    assert (logits.argmax(1) == yt).mean() > 0.6


@pytest.mark.parametrize("name", NAMES)
def test_hidden_target_labels_change_nothing(name):
    (xs, ys), (xt, yt) = clusters(120, 0), clusters(90, 1, moved=1.0)
    hidden = np.zeros(90, bool)
    first = fitted(name, xs, ys, xt, labels=yt, labeled=hidden)
    again = fitted(name, xs, ys, xt, labels=yt[::-1].copy(), labeled=hidden)
    np.testing.assert_array_equal(first.logits(xt), again.logits(xt))


def test_centred_sides_have_no_mean_and_keep_their_spread():
    (xs, _), (xt, _) = clusters(50, 0), clusters(30, 1, moved=5.0)
    both = scaled(xs, xt, "centred")
    for rows, old in ((both.source, xs), (both.target, xt)):
        np.testing.assert_allclose(rows.mean(0), 0, atol=1e-5)
        np.testing.assert_allclose(rows, old - old.mean(0), atol=1e-4)
    one = scaled(xs, xt[:1], "centred")  # a single row has no mean of its own
    np.testing.assert_allclose(one.target, xt[:1] - xs.mean(0), atol=1e-4)


def test_a_term_without_weight_leaves_the_least_loss_of_the_source():
    (xs, ys), (xt, _) = clusters(200, 0), clusters(100, 1)
    plain = make_method("linear-mcc:weight=0:steps=400")
    own = sides(xs, ys, np.ones(200, bool))
    other = sides(xt, ys[:100], np.zeros(100, bool))
    head = plain.fit_head(own, other, 4, 0)

    def loss(logits):
        return -np.log(softmax(logits.astype(float))[np.arange(200), ys]).mean()

    start = fitted("probe", xs, ys, xt)
    assert head.notes["source_loss"] == pytest.approx(loss(head.logits(xs)), abs=2e-3)
    assert loss(head.logits(xs)) < loss(start.logits(xs))


def test_em_for_one_round_is_the_textbook_discriminant():
    """Rows that belong to one class each: means, pooled covariance and shares in closed form."""
    (x, y), (free, z) = clusters(60, 0, k=3, d=3), clusters(80, 1, k=3, d=3)
    found = discriminant_em(
        *(x, y, free, np.eye(3)[z]),
        labelled_weight=60 / 80,
        shrinkage=1e-9,
        share_prior=0.0,
        rounds=1,
    )
    rows, labels = np.concatenate([x, free]).astype(float), np.concatenate([y, z])
    means = np.stack([rows[labels == k].mean(0) for k in range(3)])
    spread = rows - means[labels]
    weight = np.linalg.solve(spread.T @ spread / len(rows), means.T).T
    differences = weight[1:] - weight[0]  # scores count up to what all classes share
    np.testing.assert_allclose(found.weight[1:] - found.weight[0], differences, rtol=1e-5)
    np.testing.assert_allclose(found.shares, np.bincount(z) / 80, atol=1e-4)


@pytest.mark.parametrize("prior", [0.0, 50.0])
def test_em_follows_class_shares_unless_they_are_held(prior):
    shares = [0.85, 0.05, 0.05, 0.05]
    (xs, ys), (xt, yt) = clusters(400, 0), clusters(400, 1, shares=shares)
    head = fitted(f"discriminant-em:share_prior={prior}", xs, ys, xt)
    found = head.notes["target_priors"][0]
    assert found == pytest.approx((yt == 0).mean() if prior == 0 else (ys == 0).mean(), abs=0.08)


def test_consensus_says_how_far_its_members_agree_and_is_no_surer_than_that():
    (xs, ys), (xt, yt) = clusters(200, 0, d=6), clusters(150, 1, d=6, moved=1.5)
    model = features.Consensus().fit(xs, ys, xt)
    assert set(model.members_) == set(features.Consensus().members)
    agreed = np.mean(list(model.members_.values()))
    assert model.predict_proba(xt).max(1).mean() == pytest.approx(agreed, abs=0.02)
    assert model.score(xt, yt) > 0.9


def test_consensus_goes_on_without_a_member_and_says_so(monkeypatch):
    (xs, ys), (xt, yt) = clusters(60, 0), clusters(60, 1)

    def breaks(*_):
        raise MethodError("easytl: no way")

    monkeypatch.setattr(METHODS.get("easytl"), "fit_head", breaks)
    head = fitted("consensus", xs, ys, xt)
    assert head.notes["failed"] == {"easytl": "easytl: no way"}
    assert len(head.notes["members"]) == 4
    assert (head.logits(xt).argmax(1) == yt).mean() > 0.9
