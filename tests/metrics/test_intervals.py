"""Intervals: known values, and coverage on synthetic data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from landbridge.metrics.intervals import (
    bootstrap,
    labels_needed,
    mcnemar,
    paired_bootstrap,
    wilson,
)


@pytest.mark.parametrize(("k", "n"), [(0, 5), (5, 5), (3, 11), (480, 500)])
def test_wilson(k, n):
    got, want = wilson(k, n), stats.binomtest(k, n).proportion_ci(method="wilson")
    assert (got.low, got.high) == pytest.approx((want.low, want.high), abs=1e-12)


def test_bootstrap_agrees_with_scipy():
    values = np.random.default_rng(0).exponential(size=80)
    for method in ("percentile", "bca"):
        got = bootstrap(values, method=method, resamples=20_000)
        want = stats.bootstrap(
            (values,), np.mean, method=method, n_resamples=20_000, rng=1
        ).confidence_interval
        assert (got.low, got.high) == pytest.approx((want.low, want.high), rel=0.02)


def test_bootstrap_of_a_function_of_means():
    rng = np.random.default_rng(1)
    values = rng.lognormal(size=60)
    rows = np.stack([values, values**2], axis=1)

    def deviation(means):
        return np.sqrt(means[:, 1] - means[:, 0] ** 2)

    got = bootstrap(rows, deviation, resamples=20_000)
    assert got.value == pytest.approx(values.std())
    want = stats.bootstrap((values,), np.std, n_resamples=20_000, rng=1).confidence_interval
    assert (got.low, got.high) == pytest.approx((want.low, want.high), rel=0.04)


def test_bootstrap_is_a_function_of_its_seed():
    values = np.arange(20) % 3 == 0
    assert bootstrap(values, seed=1) == bootstrap(values, seed=1)
    assert bootstrap(np.ones(5)).low == bootstrap(np.ones(5)).high == 1


def test_bootstrap_coverage():
    rng = np.random.default_rng(2)
    inside = 0
    for trial in range(300):
        found = bootstrap(rng.random(150) < 0.8, resamples=500, seed=trial)
        inside += found.low <= 0.8 <= found.high
    assert 0.91 <= inside / 300 <= 0.985


@pytest.mark.parametrize("seeds", [1, 3, 6])
def test_paired_coverage_over_seeds_and_examples(seeds):
    """True difference 0.05; methods vary by seed, and examples differ in how hard they are."""
    rng = np.random.default_rng(3)
    inside = 0
    for trial in range(250):
        hard = rng.normal(size=200)
        shift = rng.normal(size=(2, seeds, 1)) * (0.0 if seeds == 1 else 0.02)
        level = 0.7 + 0.05 * np.tanh(hard)
        a = rng.random((seeds, 200)) < level + 0.05 + shift[0]
        b = rng.random((seeds, 200)) < level + shift[1]
        found = paired_bootstrap(a, b, resamples=600, seed=trial)
        inside += found.low <= 0.05 <= found.high
    assert inside / 250 >= 0.9  # three seeds are few, wide cells help; never far under


def test_paired_equal_and_opposite():
    rng = np.random.default_rng(4)
    a = rng.random((3, 100)) < 0.7
    same = paired_bootstrap(a, a)
    assert (same.value, same.low, same.high, same.p, same.disagreement) == (0, 0, 0, 1, 0)
    b = rng.random((3, 100)) < 0.6
    one, other = paired_bootstrap(a, b, seed=1), paired_bootstrap(b, a, seed=1)
    assert one.value == pytest.approx(-other.value)
    assert one.low == pytest.approx(-other.high)
    assert one.p == other.p


def test_paired_p_under_no_difference_is_about_uniform():
    rng = np.random.default_rng(5)
    ps = [
        paired_bootstrap(rng.random(200) < 0.7, rng.random(200) < 0.7, resamples=500, seed=i).p
        for i in range(300)
    ]
    assert 0.02 <= np.mean(np.array(ps) < 0.05) <= 0.09


def test_mcnemar():
    a = np.array([1] * 10 + [0] * 2 + [1] * 30)
    b = np.array([0] * 10 + [1] * 2 + [1] * 30)
    assert mcnemar(a, b) == pytest.approx(stats.binomtest(10, 12).pvalue)
    assert mcnemar(a, a) == 1


def test_labels_needed_has_the_power_it_says():
    d, p = 0.06, 0.2
    n = labels_needed(d, p)
    assert n == int(np.ceil((1.959964 + 0.841621) ** 2 * p / d**2))
    assert labels_needed(-d, p) == n
    draws = np.random.default_rng(6).multinomial(n, [(p + d) / 2, (p - d) / 2, 1 - p], size=4000)
    wins, losses = draws[:, 0], draws[:, 1]
    z = np.abs(wins - losses) / np.sqrt(wins + losses)
    assert np.mean(z > 1.96) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (wilson, (3, 2)),
        (wilson, (0, 0)),
        (bootstrap, (np.zeros(0),)),
        (paired_bootstrap, (np.ones(3), np.ones(4))),
        (mcnemar, (np.ones(3), np.ones(4))),
        (labels_needed, (0.0, 0.1)),
        (labels_needed, (0.2, 0.1)),
    ],
)
def test_refuses(call, arguments):
    with pytest.raises(ValueError):
        call(*arguments)
