"""Intervals of means and of paired differences: never nothing, and as wide as they say."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import landbridge
from landbridge.metrics.estimates import mean_interval, paired_interval, widened


@pytest.mark.parametrize("n", [1, 2, 5, 20, 500])
@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_equal_rows_still_have_an_interval(value, seeds, n):
    found = mean_interval(np.full((seeds, n), value))
    assert found.value == value
    assert 0 <= found.low <= value <= found.high <= 1
    assert found.high - found.low > 0.2 / n
    gap = paired_interval(np.full((seeds, n), value), np.full((seeds, n), value))
    assert (gap.value, gap.p) == (0, 1)
    assert -1 <= gap.low == -gap.high < -0.2 / n


@pytest.mark.parametrize(("hits", "n"), [(20, 20), (0, 20), (17, 20), (1, 3), (499, 500)])
def test_hits_of_one_seed_have_wilsons_interval(hits, n):
    found = mean_interval(np.arange(n) < hits)
    want = stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((want.low, want.high))


def test_equal_errors_have_an_interval_as_wide_as_the_truth_allows():
    found = mean_interval(np.zeros(20), share=False, scale=3.0)
    assert found.value == found.high == 0  # an error below none there is not
    assert -1 < found.low < -0.1
    gap = paired_interval(np.full(20, -1.0), np.full(20, -1.0), share=False, scale=3.0)
    assert -1 < gap.low == -gap.high < -0.1


def test_swapped_sides_give_the_opposite():
    rng = np.random.default_rng(0)
    a, b = rng.random((3, 60)) < 0.8, rng.random((3, 60)) < 0.6
    one, other = paired_interval(a, b), paired_interval(b, a)
    assert (one.value, one.low, one.p) == pytest.approx((-other.value, -other.high, other.p))


@pytest.mark.parametrize("n", [20, 60, 200])
@pytest.mark.parametrize("rates", [(0.05, 0.05), (0.15, 0.05), (0.3, 0.1), (0.02, 0.0)])
def test_coverage_of_a_paired_difference(rates, n):
    """Neither too narrow nor, where something is seen, too wide."""
    rng = np.random.default_rng(1)
    more, less = rates
    inside, widths, wins = 0, [], 0
    for _ in range(600):
        u = rng.random(n)
        found = paired_interval(u < more, (u >= more) & (u < more + less))
        inside += found.low <= more - less <= found.high
        wins += found.high < 0 if more >= less else 0
        widths.append(found.high - found.low)
    assert inside / 600 >= 0.93
    if n * (more + less) > 10:
        assert inside / 600 <= 0.985
    exact = 2 * 1.96 * np.sqrt((more + less - (more - less) ** 2) / n)
    assert np.mean(widths) <= max(1.25 * exact, 8 / n)
    assert wins / 600 <= 0.035


@pytest.mark.parametrize("n", [20, 80, 400])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_coverage_of_a_share(share, n):
    rng = np.random.default_rng(2)
    found = [mean_interval(rng.random(n) < share) for _ in range(600)]
    inside = np.mean([f.low <= share <= f.high for f in found])
    assert 0.92 <= inside <= 0.985


@pytest.mark.parametrize(("seeds", "spread"), [(2, 0.0), (3, 0.0), (3, 0.05), (5, 0.05)])
def test_coverage_of_one_model_against_seeds_of_a_reference(seeds, spread):
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(500):
        level = 0.7 + 0.1 * np.tanh(rng.normal(size=100))
        b = rng.random((seeds, 100)) < level + spread * rng.normal(size=(seeds, 1))
        found = paired_interval(rng.random(100) < level + 0.05, b)
        inside += found.low <= 0.05 <= found.high
    assert 0.9 <= inside / 500 <= 0.985


@pytest.mark.parametrize("n", [10, 50])
def test_coverage_of_errors(n):
    rng = np.random.default_rng(4)
    true = -np.sqrt(2 / np.pi)
    found = [mean_interval(-np.abs(rng.normal(size=n)), share=False) for _ in range(600)]
    assert 0.91 <= np.mean([f.low <= true <= f.high for f in found]) <= 0.985


def test_resampling_that_left_no_room_is_given_some():
    assert widened(1.0, 1.0, 1.0, 20).low == pytest.approx(0.839, abs=0.001)
    assert widened(0.0, 0.0, 0.0, 20, share=False).low < 0
    assert (widened(0.5, 0.4, 0.6, 20).low, widened(0.5, 0.4, 0.6, 20).high) == (0.4, 0.6)


def test_whoever_says_an_interval_asks_the_one_function():
    bare = {"paired_bootstrap"}  # has no room where all rows are equal
    root = Path(landbridge.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("intervals"):
                assert not bare & {name.name for name in node.names}, path


@pytest.mark.parametrize("shapes", [((3,), (4,)), ((2, 5), (3, 5)), ((0,), (0,))])
def test_refuses(shapes):
    with pytest.raises(ValueError, match="shape"):
        paired_interval(np.ones(shapes[0]), np.ones(shapes[1]))
