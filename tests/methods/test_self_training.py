"""Self-training: what becomes a label, and that it helps where it should."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.base.errors import ConfigError, MethodError
from landbridge.features import Probe, SelfTraining
from landbridge.methods.core.base import Features
from landbridge.methods.core.resolve import make_method
from landbridge.methods.self_training.self_training import surest


def test_the_surest_of_each_class_count():
    rng = np.random.default_rng(0)
    answers, sure = rng.integers(0, 3, 200), rng.random(200)
    among = rng.random(200) < 0.8
    mask = surest(answers, sure, among, 0.3)
    assert not (mask & ~among).any()
    for label in range(3):
        own = among & (answers == label)
        assert (mask & own).sum() == round(0.3 * own.sum())
        assert sure[mask & own].min() >= sure[own & ~mask].max()
    assert surest(np.array([2]), np.array([0.1]), np.ones(1, bool), 0.01).all()


def moved(seed=0, n=600):
    """Two classes; what tells them apart turns a little between source and target."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = rng.normal(size=(n, 8))
    x[:, 0] += 2.5 * (2 * y - 1)
    t = rng.normal(size=(n, 8))
    t[:, 0] += 1.2 * (2 * y - 1)
    t[:, 1] += 2.5 * (2 * y - 1)
    return x, y, t


def test_it_learns_what_only_the_target_shows():
    gains = []
    for seed in range(5):
        x, y, t = moved(seed)
        gains.append(SelfTraining().fit(x, y, t).score(t, y) - Probe().fit(x, y, t).score(t, y))
    assert min(gains) > 0
    assert np.mean(gains) > 0.03


def test_known_target_labels_are_kept():
    x, y, t = moved()
    wrong = 1 - y  # as if the target called its classes the other way round
    few = np.arange(600) < 200
    model = SelfTraining().fit(x, y, t, wrong, labelled_t=few)
    plain = SelfTraining().fit(x, y, t)
    assert model.score(t[few], wrong[few]) > plain.score(t[few], wrong[few]) + 0.1
    assert model.head_.notes["pseudo_labels"] <= 400


@pytest.mark.parametrize("bad", [{"shares": ()}, {"shares": (1.5,)}, {"weight": 0.0}])
def test_bad_options(bad):
    x, y, t = moved(n=60)
    with pytest.raises(ConfigError, match="self-training"):
        SelfTraining(**bad).fit(x, y, t)


@pytest.mark.parametrize("name", ["self-training", "self-trained-trees"])
def test_few_target_labels_are_enough_without_a_source(name):
    """Three long groups, one or two labels each near an end: the other rows tell where they go."""
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    x = (6 * np.eye(3, 8)[labels] + rng.normal(size=(300, 8))).astype(np.float32)
    x += rng.normal(size=(300, 1)) * np.linspace(-1, 1, 8)
    labeled = np.zeros(300, bool)
    labeled[:6] = True
    target = Features(x, np.where(labeled, labels, 0), labeled)
    head = make_method(name).fit_head(None, target, 3, 0)
    right = (head.logits(x).argmax(1) == labels)[6:].mean()
    assert right > 0.9 if name == "self-training" else right > 0.5
    assert head.notes["pseudo_labels"] > 100
    blind = Features(x, np.full(300, 2) * ~labeled + labels * labeled, labeled)
    again = make_method(name).fit_head(None, blind, 3, 0)
    np.testing.assert_array_equal(head.logits(x), again.logits(x))  # no other label was read


def test_no_labels_at_all_are_an_error():
    x = np.zeros((4, 2), np.float32)
    with pytest.raises(MethodError, match="label"):
        make_method("self-training").fit_head(
            None, Features(x, np.zeros(4, int), np.zeros(4, bool)), 2, 0
        )
