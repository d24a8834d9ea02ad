"""Intervals: known values, and coverage on synthetic data."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.metrics.intervals import Interval, labels_needed, paired_bootstrap, pairs_needed


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


def test_labels_needed_has_the_power_it_says():
    d, p = 0.06, 0.2
    n = labels_needed(d, p)
    assert n == int(np.ceil((1.959964 + 0.841621) ** 2 * p / d**2))
    assert labels_needed(-d, p) == n
    draws = np.random.default_rng(6).multinomial(n, [(p + d) / 2, (p - d) / 2, 1 - p], size=4000)
    wins, losses = draws[:, 0], draws[:, 1]
    z = np.abs(wins - losses) / np.sqrt(wins + losses)
    assert np.mean(z > 1.96) == pytest.approx(0.8, abs=0.03)


def test_pairs_needed_have_the_power_they_say():
    n = pairs_needed(-0.3, 1.2)
    assert n == int(np.ceil(((1.959964 + 0.841621) * 1.2 / 0.3) ** 2))
    assert pairs_needed(0.3, 1.2, level=0.99, power=0.9) > n > pairs_needed(0.3, 1.2, power=0.5)
    assert labels_needed(0.1, 0.2, level=0.99) > labels_needed(0.1, 0.2)
    means = 0.3 + 1.2 * np.random.default_rng(7).normal(size=(4000, n)).mean(1)
    assert np.mean(np.abs(means) * np.sqrt(n) / 1.2 > 1.96) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (paired_bootstrap, (np.ones(3), np.ones(4))),
        (labels_needed, (0.0, 0.1)),
        (labels_needed, (0.2, 0.1)),
        (labels_needed, (0.2, 1.1)),
        (pairs_needed, (0.0, 1.0)),
        (pairs_needed, (1.0, 0.0)),
    ],
)
def test_refuses(call, arguments):
    with pytest.raises(ValueError):
        call(*arguments)


def test_what_json_holds_of_an_interval():
    found = Interval.from_json({"value": 0.5, "low": 0.4, "high": 0.7})
    assert (found.value, found.low, found.high, found.p) == (0.5, 0.4, 0.7, None)
    assert Interval.from_json({"mean": 1, "p": 0.25}, "mean").p == 0.25
    assert Interval.or_none(None) is None
    assert Interval.or_none({"value": None, "low": 0.1}) is None
    assert Interval.or_none({"value": 0}) is not None
