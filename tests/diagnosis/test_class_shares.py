"""The gate of class shares: quiet on like shares however features move, loud on shifted ones."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.diagnosis.class_shares import class_shares
from landbridge.solvers.label_shift.moved_mixture import class_axes, moved_mixture

SHIFTED = np.array([10, 1, 10, 1, 10, 1, 10, 1, 10, 1]) / 55


def some(x, y, shares, n, rng):
    """Draw n rows with these shares of classes."""
    labels = rng.choice(len(shares), n, p=shares)
    counts = np.bincount(labels, minlength=len(shares))
    rows = np.concatenate(
        [rng.permutation(np.flatnonzero(y == k))[:count] for k, count in enumerate(counts)]
    )
    return x[rows], y[rows]


def moved(x, kind, rng):
    """Return digits (0 to 16) that another pen has written."""
    if kind == "nothing":
        return x
    if kind == "thicker":
        return np.minimum(16, 1.4 * x + 1)
    return np.clip(x + rng.normal(scale=3, size=x.shape), 0, 16)


@pytest.mark.parametrize("kind", ["nothing", "thicker", "noise"])
@pytest.mark.parametrize("shifted", [False, True], ids=["like shares", "shifted shares"])
def test_digits_that_moved_are_told_from_shares_that_shifted(digits, kind, shifted):
    x, y = digits
    said = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        half = rng.random(len(x)) < 0.5
        source = some(x[half], y[half], np.full(10, 0.1), 600, rng)
        shares = SHIFTED if shifted else np.full(10, 0.1)
        xt, _ = some(x[~half], y[~half], shares, 350, rng)
        found = class_shares(*source, moved(xt, kind, rng), seed=seed)
        said.append(found.differ)
    assert sum(said) >= 7 if shifted else sum(said) == 0


def test_two_samples_of_many_classes_differ_by_chance_alone():
    rng = np.random.default_rng(0)
    means = 3 * rng.normal(size=(60, 30))
    y, z = rng.integers(60, size=(2, 700))
    x, xt = (rng.normal(size=(700, 30)) + means[labels] for labels in (y, z))
    found = class_shares(x, y, xt)
    assert found.distance > 0.1, "chance alone"
    assert found.explained < 0.05
    assert not found.differ


def test_answers_that_may_be_wrong_are_no_difference_of_shares():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=600)
    x = rng.normal(size=(600, 4)) + 1.5 * y[:, None] * np.eye(4)[0]
    xt = rng.normal(size=(600, 4)) + 1.5 * rng.integers(2, size=600)[:, None] * np.eye(4)[0]
    found = class_shares(x, y, xt + 0.6 * np.eye(4)[0])
    assert found.distance > 0.1
    assert not found.differ


def test_a_target_of_one_class_cannot_be_told_from_one_that_moved():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    x = rng.normal(size=(400, 4)) + 8 * y[:, None] * np.eye(4)[0]
    found = class_shares(x, y, rng.normal(size=(400, 4)) + 8 * np.eye(4)[0])
    assert found.distance > 0.4
    assert found.largest > 0.95
    assert not found.differ


def test_the_sentence_names_the_classes_that_changed_most():
    rng = np.random.default_rng(0)
    names = np.array(["ant", "bee", "cat"])
    y, z = rng.integers(3, size=500), rng.choice(3, 500, p=[0.9, 0.05, 0.05])
    x, xt = (6 * np.eye(3)[k] + rng.normal(size=(500, 3)) for k in (y, z))
    found = class_shares(x, names[y], xt, labeled=np.arange(500) < 400)
    assert found.differ
    assert "ant 3" in found.sentence()
    assert "→ 9" in found.sentence() or "→ 8" in found.sentence()


def test_a_source_of_one_class_says_nothing():
    x = np.random.default_rng(0).normal(size=(30, 3))
    assert class_shares(x, ["a"] * 30, x) is None


@pytest.mark.data
@pytest.mark.parametrize(
    "pair", [("amazon", "webcam"), ("Caltech10", "amazon"), ("webcam", "dslr")]
)
def test_real_features_that_differ_much_are_not_taken_for_other_shares(data_root, pair):
    from scipy.io import loadmat

    sides = []
    for name in pair:
        found = loadmat(data_root / "office_caltech10_surf" / f"{name}_SURF_L10.mat")
        x, y = found["fts"].astype(float), found["labels"].ravel() - 1
        least = np.bincount(y).min()
        sides.append(some(x, y, np.full(10, 0.1), 10 * least, np.random.default_rng(0)))
    assert not class_shares(*sides[0], sides[1][0]).differ


def test_a_mixture_finds_classes_that_moved_together_and_apart():
    rng = np.random.default_rng(0)
    means = 8 * np.eye(4)
    y = np.repeat(np.arange(4), 100)
    x = rng.normal(size=(400, 4)) + means[y]
    z = np.repeat(np.arange(4), [200, 100, 60, 40])
    own = rng.normal(size=(4, 4)) * 0.5
    xt = rng.normal(size=(400, 4)) * 1.3 + means[z] + own[z] + 2
    along, centres = class_axes(x, y, 4)
    found = moved_mixture(along(xt), centres, np.full(4, 0.25))
    np.testing.assert_allclose(found.shares, [0.5, 0.25, 0.15, 0.1], atol=0.02)
    assert (found.probabilities.argmax(1) == z).mean() > 0.97
