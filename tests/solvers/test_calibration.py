"""Calibration: known slopes, scikit-learn's fits, and the calibration error before and after."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

from landbridge.metrics.figures import expected_calibration_error
from landbridge.solvers.calibration.calibrators import isotonic, platt_scaling, vector_scaling


def drawn(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return labels drawn with probabilities softmax(logits)."""
    edges = softmax(logits, axis=1).cumsum(1)
    return (rng.random(len(logits))[:, None] > edges).sum(1).clip(max=logits.shape[1] - 1)


def test_vector_scaling_finds_known_slopes():
    """The slopes act on scores centred in each row; offsets are known up to a constant."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(20_000, 3)) * 4
    scores -= scores.mean(1, keepdims=True)
    labels = drawn(scores * [0.5, 1.0, 2.0] + [0.0, 1.0, -1.0], rng)
    a, b = vector_scaling(scores, labels)
    np.testing.assert_allclose(a, [0.5, 1.0, 2.0], rtol=0.1)
    np.testing.assert_allclose(b - b.mean(), [0.0, 1.0, -1.0], atol=0.1)


def test_vector_scaling_is_the_minimum_of_its_formula():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(60, 3)) * 5
    scores -= scores.mean(1, keepdims=True)
    labels = drawn(scores / 3, rng)
    a, b = vector_scaling(scores, labels, prior=2.0)
    unit = np.sqrt((scores**2).mean())

    def value(theta):
        slope, offset = np.exp(theta[:3]), theta[3:]
        loss = -log_softmax(scores / unit * slope + offset, axis=1)[np.arange(60), labels].sum()
        mean = theta[:3].mean()
        return loss + 1.0 * (((theta[:3] - mean) ** 2).sum() + mean**2 / 10 + offset @ offset)

    best = minimize(value, np.zeros(6), options={"gtol": 1e-8})
    np.testing.assert_allclose(a * unit, np.exp(best.x[:3]), rtol=1e-3)
    np.testing.assert_allclose(b, best.x[3:], atol=1e-3)


def test_calibration_error_falls():
    rng = np.random.default_rng(2)
    true = rng.normal(size=(4000, 4)) * 2
    labels = drawn(true, rng)
    scores = true * [6.0, 3.0, 3.0, 3.0] + [4.0, 0.0, 0.0, 0.0]  # far too sure, and skewed
    fit, judged = slice(0, 2000), slice(2000, 4000)
    before = expected_calibration_error(labels[judged], softmax(scores[judged], axis=1))
    a, b = vector_scaling(scores[fit], labels[fit])
    after = expected_calibration_error(labels[judged], softmax(scores[judged] * a + b, axis=1))
    assert before > 0.15
    assert after < 0.04


def test_few_rows_fall_back_to_one_slope():
    scores = np.array([[3.0, 0.0, 0.0], [0.0, 3.0, 0.0]])
    a, b = vector_scaling(scores, np.array([0, 1]), prior=10.0)
    assert a.max() / a.min() < 1.2
    assert np.abs(b).max() < 0.2
    a, b = vector_scaling(np.zeros((0, 3)), np.zeros(0, dtype=int))
    assert a.tolist() == [1, 1, 1]
    assert b.tolist() == [0, 0, 0]


@pytest.mark.parametrize("weighted", [False, True])
def test_platt_is_scikit_learns(weighted):
    rng = np.random.default_rng(3)
    scores = rng.normal(size=500) * 3 + 1
    positive = rng.random(500) < expit(0.7 * scores - 0.4)
    weights = rng.uniform(0.5, 2, 500) if weighted else None
    a, b = platt_scaling(scores, positive, weights=weights)
    theirs = _SigmoidCalibration().fit(scores, positive.astype(float), sample_weight=weights)
    np.testing.assert_allclose([a, b], [-theirs.a_, -theirs.b_], rtol=2e-3, atol=2e-3)


def test_platt_stays_finite_where_scores_separate():
    a, b = platt_scaling(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([False, False, True, True]))
    assert np.isfinite([a, b]).all()
    assert expit(2 * a + b) == pytest.approx(0.75, abs=0.06)  # (n₊ + 1) / (n₊ + 2)
    a, b = platt_scaling(np.ones(3), np.ones(3, dtype=bool))
    assert expit(a + b) == pytest.approx(0.8)


def test_isotonic_is_scikit_learns_and_calibrates():
    rng = np.random.default_rng(4)
    scores = rng.normal(size=6000)
    positive = rng.random(6000) < expit(3 * scores**3)
    fit = isotonic(scores[:4000], positive[:4000])
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    theirs.fit(scores[:4000], positive[:4000])
    np.testing.assert_allclose(fit(scores[4000:]), theirs.predict(scores[4000:]))
    p = fit(scores[4000:])
    found = expected_calibration_error(positive[4000:].astype(int), np.stack([1 - p, p], axis=1))
    raw = expit(scores[4000:])
    plain = expected_calibration_error(
        positive[4000:].astype(int), np.stack([1 - raw, raw], axis=1)
    )
    assert found < 0.03 < plain
