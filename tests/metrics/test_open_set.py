"""The false-alarm rate of open-set thresholds: by definition, by counting, and at the edges."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from landbridge.base.errors import ConfigError, DataError
from landbridge.metrics.open_set import conformal_p_values, id_scores, unknown_threshold


def test_scores_by_hand():
    logits = np.random.default_rng(0).normal(size=(30, 4)) * 3
    for row, sure, energy in zip(
        logits.tolist(), id_scores(logits), id_scores(logits, "energy"), strict=True
    ):
        total = sum(math.exp(v) for v in row)
        assert sure == pytest.approx(max(math.exp(v) / total for v in row), rel=1e-12)
        assert energy == pytest.approx(math.log(total), rel=1e-12)
    assert np.isfinite(id_scores(np.array([[1e4, -1e4]]), "energy")).all()
    with pytest.raises(ConfigError, match="confidence or energy"):
        id_scores(logits, "entropy")


def test_p_values_by_hand():
    rng = np.random.default_rng(1)
    calibration, scores = rng.integers(0, 9, 40) / 9.0, rng.integers(-1, 11, 60) / 9.0
    expected = [(1 + sum(c <= s for c in calibration)) / 41 for s in scores]
    assert conformal_p_values(calibration, scores).tolist() == expected


@pytest.mark.parametrize("n", [1, 7, 19, 99, 100])
@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1, 0.3, 0.5, 0.9])
def test_the_threshold_says_what_p_values_say(n, rate):
    rng = np.random.default_rng(n)
    for decimals in (1, 12):  # with ties and without
        calibration = rng.normal(size=n).round(decimals)
        scores = np.concatenate([rng.normal(size=200).round(decimals), calibration])
        below = scores < unknown_threshold(calibration, rate)
        assert (below == (conformal_p_values(calibration, scores) <= rate)).all()


@pytest.mark.parametrize("values", [(1, 2, 3, 4, 5, 6), (1, 1, 2, 2, 2, 3), (0, 0, 0, 0, 0, 0)])
def test_the_rate_holds_exactly_over_all_orders(values):
    """Five rows calibrate and one is new: all ways to share six scores are equally likely."""
    for rate in (0.1, 1 / 6, 0.2, 1 / 3, 0.5, 0.9):
        alarms = [
            conformal_p_values(np.array(order[:5], float), np.array(order[5:], float))[0] <= rate
            for order in itertools.permutations(values)
        ]
        assert np.mean(alarms) <= rate
        if len(set(values)) == 6:  # without ties it is as near to the rate as six rows allow
            assert np.mean(alarms) == pytest.approx(math.floor(rate * 6 + 1e-9) / 6)


def test_the_rate_holds_for_few_rows_and_skewed_scores():
    """The mean over many calibrations; without (n + 1) it would be 0.1 at ten rows, not 0.09."""
    rng = np.random.default_rng(2)
    found = [
        (rng.exponential(size=500) < unknown_threshold(rng.exponential(size=10), 0.1)).mean()
        for _ in range(4000)
    ]
    assert np.mean(found) == pytest.approx(1 / 11, abs=0.006)


def test_with_too_few_rows_nothing_is_unknown():
    assert unknown_threshold(np.arange(18.0), 0.05) == -np.inf
    assert unknown_threshold(np.arange(19.0), 0.05) == 0.0


@pytest.mark.parametrize("rate", [0, 1, -0.1, 5])
def test_a_rate_is_a_share(rate):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        unknown_threshold(np.arange(5.0), rate)


@pytest.mark.parametrize("calibration", [[], [0.1, math.nan]])
def test_calibration_rows_are_checked(calibration):
    with pytest.raises(DataError):
        conformal_p_values(np.array(calibration), np.zeros(2))
