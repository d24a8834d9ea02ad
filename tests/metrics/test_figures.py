"""Figures against scikit-learn and brute force."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk

from landbridge.metrics.figures import (
    calibration_error_by_chance,
    expected_calibration_error,
    figures,
)


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 4, 300)
    logits = rng.normal(size=(300, 4)) + 1.5 * np.eye(4)[true]
    p = np.exp(logits)
    return true, p / p.sum(1, keepdims=True)


def test_against_scikit_learn(answers):
    true, p = answers
    got, predicted = figures(true, probabilities=p), p.argmax(1)
    assert got.n == 300
    assert got.accuracy == pytest.approx(sk.accuracy_score(true, predicted))
    assert got.balanced_accuracy == pytest.approx(sk.balanced_accuracy_score(true, predicted))
    assert got.macro_f1 == pytest.approx(sk.f1_score(true, predicted, average="macro"))
    precision, recall, f1, support = sk.precision_recall_fscore_support(true, predicted)
    np.testing.assert_allclose(got.precision, precision)
    np.testing.assert_allclose(got.recall, recall)
    np.testing.assert_allclose(got.f1, f1)
    np.testing.assert_array_equal(got.support, support)
    np.testing.assert_array_equal(got.confusion, sk.confusion_matrix(true, predicted))
    assert got.log_loss == pytest.approx(sk.log_loss(true, p))
    assert got.brier == pytest.approx(((p - np.eye(4)[true]) ** 2).sum(1).mean())


def test_calibration_error_brute_force(answers):
    true, p = answers
    confidence, right = p.max(1), p.argmax(1) == true
    groups = np.array_split(np.argsort(confidence), 15)
    want = sum(len(g) * abs(confidence[g].mean() - right[g].mean()) for g in groups) / 300
    assert expected_calibration_error(true, p) == pytest.approx(want)
    sure = np.eye(4)[true]
    assert expected_calibration_error(true, sure) == 0
    assert expected_calibration_error(true[:3], p[:3]) >= 0  # fewer rows than bins


def test_absent_classes_are_nan_and_do_not_count():
    got = figures(np.array([0, 0, 1]), np.array([0, 1, 1]), n_classes=4)
    assert np.isnan(got.recall[2:]).all()
    assert got.balanced_accuracy == 0.75
    assert got.support.tolist() == [2, 1, 0, 0]
    assert np.isnan(got.log_loss)
    empty = figures(np.zeros(0, dtype=int), np.zeros(0, dtype=int), n_classes=2)
    assert np.isnan(empty.accuracy)


@pytest.mark.parametrize(
    "arguments",
    [
        ((np.array([0, 5]), np.array([0, 1])), {"n_classes": 3}),
        ((np.array([0, -1]), np.array([0, 1])), {}),
        ((np.array([0, 1]), np.array([0])), {}),
        ((np.array([0, 1]),), {}),
        ((np.array([0, 1]),), {"probabilities": np.full((2, 2), np.nan)}),
        ((np.array([0, 1]),), {"probabilities": np.full((3, 2), 0.5)}),
    ],
)
def test_refuses(arguments):
    with pytest.raises(ValueError):
        figures(*arguments[0], **arguments[1])


def test_chance_gives_the_calibration_error_that_true_confidence_shows():
    rng = np.random.default_rng(0)
    for n in (24, 400):
        sure = rng.uniform(0.5, 1, size=n)
        given = np.stack([sure, 1 - sure], axis=1)
        found = [
            expected_calibration_error((rng.random(n) > sure).astype(int), given)
            for _ in range(200)
        ]
        assert calibration_error_by_chance(given) == pytest.approx(np.mean(found), rel=0.1)
    sure = np.linspace(0.5, 0.95, 24)  # a run that is judged again says the same
    again = calibration_error_by_chance(np.stack([sure, 1 - sure], axis=1))
    assert again == pytest.approx(0.28058333333333335)
