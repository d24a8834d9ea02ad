"""What cannot be measured is refused in words, and options at their edge are taken as they say."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.base.errors import ConfigError, DataError
from landbridge.metrics.estimates import mean_interval, paired_interval
from landbridge.metrics.figures import (
    brier,
    calibration_error_by_chance,
    expected_calibration_error,
    figures,
    log_loss,
)
from landbridge.metrics.intervals import labels_needed, paired_bootstrap, pairs_needed
from landbridge.metrics.labelfree import Candidate, diversity, entropy, explained, heading
from landbridge.metrics.open_set import conformal_p_values, id_scores, unknown_threshold
from landbridge.metrics.ranking import score_candidates

ONE, TWO = np.array([0, 1]), np.full((2, 2), 0.5)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mean_interval(np.zeros(0)), r"scores have shape \(0,\)"),
        (lambda: mean_interval(np.zeros((2, 2, 2))), r"scores have shape \(2, 2, 2\)"),
        (lambda: paired_interval(ONE, np.zeros(3)), r"a has shape \(1, 2\), b \(1, 3\)"),
        (lambda: paired_interval(TWO, np.zeros((3, 2))), r"a has shape \(2, 2\), b \(3, 2\)"),
        (lambda: paired_bootstrap(ONE, np.zeros(3)), r"a has shape \(1, 2\), b \(1, 3\)"),
        (lambda: labels_needed(0.0, 0.1), "difference 0.0 with disagreement 0.1"),
        (lambda: labels_needed(0.2, 0.1), "difference 0.2 with disagreement 0.1"),
        (lambda: labels_needed(0.2, 1.01), "difference 0.2 with disagreement 1.01"),
        (lambda: pairs_needed(0.0, 1.0), "difference 0.0 with std 1.0"),
        (lambda: pairs_needed(1.0, 0.0), "difference 1.0 with std 0.0"),
        (lambda: figures(ONE), "give predicted classes, probabilities, or both"),
        (lambda: figures(ONE, np.array([0])), r"true has shape \(2,\), predicted \(1,\)"),
        (lambda: figures(ONE, probabilities=np.ones((3, 2))), r"shape \(3, 2\), expected \(2, k\)"),
        (lambda: figures(ONE, probabilities=np.ones(2)), r"shape \(2,\), expected \(2, k\)"),
        (lambda: figures(ONE, probabilities=TWO * np.inf), "not finite"),
        (lambda: expected_calibration_error(ONE, TWO, 0), "bins must be positive, got 0"),
        (lambda: score_candidates([], Candidate("a", np.zeros((0, 2)))), "probabilities have sh"),
        (lambda: score_candidates([], Candidate("a", TWO), damping=-0.1), "got -0.1"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_thresholds_without_rows_or_with_odd_rates():
    with pytest.raises(DataError, match="no known rows to calibrate with"):
        unknown_threshold(np.zeros(0), 0.1)
    with pytest.raises(DataError, match="a calibration score is not finite"):
        conformal_p_values(np.array([np.inf]), np.zeros(1))
    with pytest.raises(ConfigError, match="a false-alarm rate of 1"):
        unknown_threshold(np.zeros(3), 1.0)
    with pytest.raises(ConfigError, match="unknown score 'other'"):
        id_scores(TWO, "other")


@pytest.mark.parametrize("call", [mean_interval, lambda x, **how: paired_interval(x, 0 * x, **how)])
def test_room_for_equal_numbers_is_given_to_equal_numbers_alone(call):
    x = np.array([1.0, 2.0, 4.0, 9.0])
    plain, scaled = call(x, share=False), call(x, share=False, scale=50.0)
    assert (scaled.low, scaled.high) == (plain.low, plain.high)
    same = call(np.full(4, 3.0), share=False, scale=2.0)
    assert same.high - same.low > 0.5


def test_figures_of_probabilities_have_as_many_classes_as_columns():
    p = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1]])
    found = figures(ONE, probabilities=p)
    assert found.confusion.shape == (3, 3)
    assert figures(ONE, probabilities=p, n_classes=5).confusion.shape == (5, 5)
    assert figures(np.array([0, 4]), probabilities=p).confusion.shape == (5, 5)
    assert found.ece == pytest.approx(expected_calibration_error(ONE, p)) == pytest.approx(0.35)
    assert found.brier == brier(ONE, p) == pytest.approx((0.26 + 0.14) / 2)
    assert found.log_loss == log_loss(ONE, p) == pytest.approx(-np.log(0.42) / 2)
    given = figures(ONE, np.array([1, 1]), p)
    assert (given.accuracy, given.predicted.tolist()) == (0.5, [0, 2, 0])
    assert figures(ONE, np.array([1, 1])).predicted.tolist() == [0, 2]
    assert np.isnan([figures(ONE, ONE).brier, figures(ONE, ONE).ece]).all()


def test_calibration_by_bins_of_equal_mass():
    sure = np.linspace(0.5, 1, 10)
    p, right = np.stack([sure, 1 - sure], 1), (np.arange(10) % 3 == 0).astype(int)
    gaps = sure - (right == 0)
    assert expected_calibration_error(right, p, 1) == pytest.approx(abs(gaps.mean()))
    halves = [abs(gaps[:5].sum()), abs(gaps[5:].sum())]
    assert expected_calibration_error(right, p, 2) == pytest.approx(sum(halves) / 10)
    assert expected_calibration_error(right, p, 99) == pytest.approx(np.abs(gaps).mean())
    one, other, more = (calibration_error_by_chance(p, 5, draws=20, seed=s) for s in (0, 0, 1))
    assert one == other != more
    wide = calibration_error_by_chance(p, 1, draws=4000)
    assert wide < calibration_error_by_chance(p, 10, draws=200)


def drop_of(p, other):
    return diversity(other) - diversity(p)


def test_the_gate_lets_through_what_is_at_its_edge():
    def answers(counts, sure=0.8):
        y = np.repeat(np.arange(3), counts)
        return np.eye(3)[y] * (sure - (1 - sure) / 2) + (1 - sure) / 2

    def spread(counts):
        share = np.array(counts) / 60
        return -(share * np.log(share)).sum() / np.log(3)

    even, skew = answers((20, 20, 20)), answers((40, 10, 10))
    edge = 1 - spread((40, 10, 10))
    sides = [Candidate("skew", skew, source_accuracy=0.9)], Candidate("even", even, None, 0.85)
    how = {"clusters": False}
    assert not score_candidates(*sides, max_spread_drop=edge, **how).gated
    why = score_candidates(*sides, max_spread_drop=edge - 1e-6, **how).gated["skew"]
    assert "fewer classes" in why
    shifted = {"label_shift": True, "damping": 0.5, **how}
    assert not score_candidates(*sides, max_spread_drop=edge / 2, **shifted).gated
    assert score_candidates(*sides, max_spread_drop=edge / 2 - 1e-6, **shifted).gated
    how["max_spread_drop"] = 1.0
    first = Candidate("even", answers((20, 20, 20), 0.95), None, 0.95)  # as sure as it is right
    lost = [Candidate("skew", skew, source_accuracy=0.9)]
    assert not score_candidates(lost, first, max_source_drop=0.05, **how).gated
    why = score_candidates(lost, first, max_source_drop=0.049, **how).gated["skew"]
    assert "points under 0.950" in why
    nothing = [Candidate("skew", skew, source_accuracy=np.nan)]
    assert "not finite" in score_candidates(nothing, first, **how).gated["skew"]
    unknown = [Candidate("skew", skew)]
    assert not score_candidates(unknown, first, max_source_drop=0.0, **how).gated


def test_entropies():
    p = np.array([[1.0, 0.0], [0.5, 0.5]], np.float32)
    assert entropy(p).tolist() == pytest.approx([0, np.log(2)])
    assert diversity(p) == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    assert explained(["accuracy"]) == ""
    assert explained(["entropy", "bnm"]).count("; ") == 1
    assert heading("class_ami") == "ClassAMI"
