"""Label shift: BBSE and EM recover known priors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from landbridge.solvers.calibration.bias_corrected_temperature import bias_corrected_temperature
from landbridge.solvers.calibration.matrix_scaling import matrix_scaling
from landbridge.solvers.label_shift.label_shift import (
    bbse,
    label_shift_em,
    shifted_probabilities,
    simplex_least_squares,
)

MEANS = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
SOURCE, TARGET = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.7])


def draw(priors, n, rng):
    labels = rng.choice(3, n, p=priors)
    return MEANS[labels] + rng.normal(size=(n, 2)), labels


def posterior(x, priors):
    """The true p(y | x) of three round Gaussians."""
    with np.errstate(divide="ignore"):
        logs = np.log(priors) - 0.5 * ((x[:, None] - MEANS) ** 2).sum(2)
    p = np.exp(logs - logs.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def setting(source=SOURCE, target=TARGET, n=6000, m=5000):
    rng = np.random.default_rng(0)
    xs, ys = draw(source, n, rng)
    xt, _ = draw(target, m, rng)
    return posterior(xs, source), ys, posterior(xt, source)


@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_bbse_recovers_priors(kind):
    found = bbse(*setting(), kind=kind)
    np.testing.assert_allclose(found.target_priors, TARGET, atol=0.04)
    np.testing.assert_allclose(found.source_priors, SOURCE, atol=0.02)
    np.testing.assert_allclose(found.class_weights, TARGET / SOURCE, atol=0.12)
    assert found.class_weights @ found.source_priors == pytest.approx(1)
    assert found.certainty > 0.1


def test_em_recovers_priors_more_precisely():
    _, _, target = setting()
    found = label_shift_em(target, SOURCE)
    np.testing.assert_allclose(found.target_priors, TARGET, atol=0.025)
    assert found.certainty <= 1e-9
    # Saerens' own iteration, for long.
    q = SOURCE.copy()
    for _ in range(3000):
        p = target * (q / SOURCE)
        q = (p / p.sum(1, keepdims=True)).mean(0)
    np.testing.assert_allclose(found.target_priors, q, atol=1e-5)


def test_no_shift_gives_no_weights():
    source, labels, target = setting(target=SOURCE)
    np.testing.assert_allclose(bbse(source, labels, target).class_weights, 1, atol=0.15)
    np.testing.assert_allclose(label_shift_em(target, SOURCE).class_weights, 1, atol=0.1)


@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_a_class_that_the_target_has_not(kind):
    source, labels, target = setting(target=np.array([0.6, 0.4, 0.0]))
    assert bbse(source, labels, target, kind=kind).target_priors[2] < 0.03
    assert label_shift_em(target, SOURCE).target_priors[2] < 0.03


def test_a_class_that_the_source_has_not():
    priors = np.array([0.6, 0.4, 0.0])
    source, labels, target = setting(source=priors, target=np.array([0.2, 0.8, 0.0]))
    for found in (bbse(source, labels, target), label_shift_em(target, priors)):
        assert found.missing.tolist() == [2]
        assert found.target_priors[2] == found.class_weights[2] == 0
        np.testing.assert_allclose(found.target_priors[:2], [0.2, 0.8], atol=0.04)
    # Sure answers for a class that cannot be: nothing is learnt from them, nothing breaks.
    sure = np.tile([0.0, 0.0, 1.0], (5, 1))
    np.testing.assert_allclose(label_shift_em(sure, priors).target_priors, priors)
    assert np.isfinite(bbse(source, labels, sure).target_priors).all()


def test_one_class_and_one_row():
    found = bbse(np.ones((3, 1)), np.zeros(3, int), np.ones((1, 1)))
    assert found.class_weights.tolist() == [1]
    source, labels, target = setting(n=50, m=1)
    for one in (bbse(source, labels, target), label_shift_em(target, SOURCE)):
        assert one.target_priors.sum() == pytest.approx(1)
        assert (one.target_priors >= 0).all()


def test_classes_that_cannot_be_told_apart():
    _, labels, _ = setting(n=300)
    flat = np.tile(SOURCE, (300, 1))
    found = bbse(flat, labels, flat)
    assert found.certainty == pytest.approx(0, abs=1e-9)
    assert np.isfinite(found.class_weights).all()


@pytest.mark.parametrize("seed", range(12))
def test_simplex_least_squares_against_a_generic_solver(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 9))
    matrix, goal = rng.dirichlet(np.full(k, 0.3), k).T, rng.dirichlet(np.ones(k))
    found = simplex_least_squares(matrix, goal)
    theirs = minimize(
        lambda v: ((matrix @ v - goal) ** 2).sum(),
        np.full(k, 1 / k),
        bounds=[(0, 1)] * k,
        constraints={"type": "eq", "fun": lambda v: v.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    assert found.sum() == pytest.approx(1)
    assert found.min() >= 0
    assert ((matrix @ found - goal) ** 2).sum() <= theirs.fun + 1e-9


def test_shifted_probabilities_are_bayes_rule():
    rng = np.random.default_rng(0)
    x, _ = draw(TARGET, 50, rng)
    found = shifted_probabilities(posterior(x, SOURCE), TARGET / SOURCE)
    np.testing.assert_allclose(found, posterior(x, TARGET))
    stays = shifted_probabilities(np.array([[0.0, 1.0]]), np.array([2.0, 0.0]))
    assert stays.tolist() == [[0, 1]]


def test_calibration_undoes_a_temperature_and_biases():
    rng = np.random.default_rng(0)
    x, labels = draw(SOURCE, 8000, rng)
    logits = 3 * (np.log(posterior(x, SOURCE)) - [0.5, -0.5, 0.0])
    sharp, biases = bias_corrected_temperature(logits, labels)
    assert sharp == pytest.approx(1 / 3, rel=0.1)
    np.testing.assert_allclose(biases - biases.mean(), [0.5, -0.5, 0.0], atol=0.1)
    sharp, biases = bias_corrected_temperature(np.eye(3)[[0, 0, 1]] * 5, np.array([0, 0, 1]))
    assert np.isfinite(sharp)
    assert np.isfinite(biases).all()


def test_matrix_scaling_makes_one_vs_rest_scores_log_probabilities():
    rng = np.random.default_rng(0)
    x, labels = draw(SOURCE, 8000, rng)
    rows = np.column_stack([np.ones(8000), x])
    scores = rows @ np.linalg.lstsq(rows, np.eye(3)[labels] * 2 - 1, rcond=None)[0]
    matrix, biases = matrix_scaling(scores, labels)
    z = scores @ matrix.T + biases
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    np.testing.assert_allclose(p, posterior(x, SOURCE), atol=0.06)
    few, biases = matrix_scaling(np.eye(4)[[0, 0, 1]] * 5, np.array([0, 0, 1]))  # two classes empty
    assert np.isfinite(few).all()
    assert np.isfinite(biases).all()


def test_refuses():
    source, labels, target = setting(n=20, m=20)
    with pytest.raises(ValueError, match="fit together"):
        bbse(source, labels[:5], target)
    with pytest.raises(ValueError, match="whole numbers"):
        bbse(source, labels + 3, target)
    with pytest.raises(ValueError, match="probabilities"):
        bbse(source * 2, labels, target)
    with pytest.raises(ValueError, match="kind"):
        bbse(source, labels, target, kind="firm")
    with pytest.raises(ValueError, match="priors"):
        label_shift_em(target, np.ones(2))
