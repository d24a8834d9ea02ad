"""Under no shift p-values are uniform and intervals cover; under known shares they cover, too."""

from __future__ import annotations

import numpy as np
import pytest
from known_shifts import halves

from landbridge.diagnosis.columns import compare_column
from landbridge.diagnosis.conditional import rule_test
from landbridge.diagnosis.diagnose import diagnose
from landbridge.diagnosis.source_predictions import predict_from_source
from landbridge.solvers.two_sample.domain_classifier import domain_classifier
from landbridge.solvers.two_sample.mmd import mmd_test
from landbridge.solvers.two_sample.moment_shift import moment_shift
from landbridge.solvers.two_sample.sliced_wasserstein import sliced_wasserstein_test

REPEATS = 80


def drawn(digits, seed, sizes=(90, 60)):
    """Two samples of different sizes from one population."""
    x, _ = digits
    rows = np.random.default_rng(seed).permutation(len(x))
    return x[rows[: sizes[0]]], x[rows[sizes[0] : sum(sizes)]]


@pytest.mark.parametrize(
    "solve", [mmd_test, domain_classifier, sliced_wasserstein_test, moment_shift]
)
def test_p_values_are_uniform_where_there_is_no_shift(digits, solve):
    from scipy.stats import kstest

    p = np.array(
        [
            np.atleast_1d(
                solve(*drawn(digits, s), np.random.default_rng(s + 1000), permutations=39).p
            )[0]
            for s in range(REPEATS)
        ]
    )
    # Steps of 1/40; a random part inside a step makes an exact test exactly uniform.
    smooth = p - np.random.default_rng(0).random(REPEATS) / 40
    assert kstest(smooth, "uniform").pvalue > 0.01
    assert (p <= 0.05).mean() <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / REPEATS)


def test_the_a_distance_of_no_shift_is_0_and_its_interval_says_so(digits):
    covered = [
        domain_classifier(*drawn(digits, s), np.random.default_rng(s), permutations=39).low == 0
        for s in range(REPEATS)
    ]
    assert np.mean(covered) >= 0.93


def test_the_a_distance_of_known_gaussians_is_covered():
    from scipy.stats import norm

    # Means 1 apart: the best linear rule errs with Φ(−½).
    truth = 2 * (1 - 2 * norm.cdf(-0.5))
    covered = 0
    for s in range(60):
        rng = np.random.default_rng(s)
        x, y = rng.normal(size=(300, 3)), rng.normal([1.0, 0, 0], size=(150, 3))
        found = domain_classifier(x, y, rng, permutations=19)
        covered += found.low <= truth + 0.02 and truth - 0.02 <= found.high
    assert covered / 60 >= 0.9


@pytest.mark.parametrize("kind", ["numbers", "categories", "missing"])
def test_p_values_of_columns_are_not_too_small(kind):
    p = []
    for s in range(400):
        rng = np.random.default_rng(s)
        a, b = rng.normal(size=120), rng.normal(size=70)
        if kind == "categories":
            a, b = (np.array(list("abcde"), object)[rng.integers(5, size=len(v))] for v in (a, b))
        if kind == "missing":
            a[rng.random(120) < 0.3] = np.nan
            b[rng.random(70) < 0.3] = np.nan
        p.append(compare_column("c", a, b).p)
    assert (np.array(p) <= 0.05).mean() <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 400)


def test_the_rule_test_is_uniform_where_labels_follow_the_rule():
    from scipy.stats import kstest

    p = []
    for s in range(100):
        rng = np.random.default_rng(s)
        probabilities = rng.dirichlet(np.ones(4), size=40)
        labels = np.array([rng.choice(4, p=row) for row in probabilities])
        p.append(rule_test(probabilities, labels, rng)[0])
    assert kstest(p, "uniform").pvalue > 0.01


def test_leave_one_out_answers_are_calibrated_on_other_rows(digits):
    xs, ys, xt, yt = halves(*digits, seed=3)
    answers = predict_from_source(xs, xt, ys, 10)
    sure, right = answers.target.max(1), answers.target.argmax(1) == yt
    assert abs(sure.mean() - right.mean()) < 0.03
    assert abs(answers.accuracy - right.mean()) < 0.03
    np.testing.assert_allclose(answers.source.sum(1), 1)


def test_intervals_of_class_shares_cover_the_shares_rows_were_drawn_with(digits):
    x, y = digits
    truth = np.array([0.22, 0.02, 0.2, 0.02, 0.2, 0.02, 0.2, 0.02, 0.05, 0.05])
    inside, covered = [], []
    for s in range(12):
        rng = np.random.default_rng(s)
        rows = rng.permutation(len(x))
        source, rest = rows[:700], rows[700:]
        wanted = rng.choice(10, size=400, p=truth)
        pick = [rng.choice(rest[y[rest] == c]) for c in wanted]
        found = diagnose(x[source], y[source], x[pick], checks=["label-shift"], seed=s)
        finding = found.findings["label-shift"]
        low, high = (np.array(finding.details[key]) for key in ("low", "high"))
        inside += list((low - 0.002 <= truth) & (truth <= high + 0.002))
        prior = np.array(finding.details["source"])
        distance = np.abs(truth - prior).sum() / 2
        covered.append(finding.figures["low"] <= distance <= finding.figures["high"])
        assert np.abs(np.array(finding.details["target"]) - truth).sum() / 2 < 0.12
    assert np.mean(inside) >= 0.88
    assert np.mean(covered) >= 0.9
