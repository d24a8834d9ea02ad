"""Intervals over seeds and over groups are those of the textbook's formulas, written out here."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from landbridge.metrics.estimates import mean_interval, paired_interval, stretched
from landbridge.metrics.intervals import labels_needed, paired_bootstrap, wilson_share


def two_random_factors(table):
    """Return the variance of the mean of a (seeds, rows) table, and Satterthwaite's freedom.

    The analysis of variance of two crossed random factors with one figure a cell.
    """
    seeds, n = table.shape
    whole = table.mean()
    by_row, by_seed = table.mean(0), table.mean(1)
    of_rows = seeds * ((by_row - whole) ** 2).sum() / (n - 1)
    of_seeds = n * ((by_seed - whole) ** 2).sum() / (seeds - 1)
    left = ((table - by_row - by_seed[:, None] + whole) ** 2).sum() / ((n - 1) * (seeds - 1))
    rows, fits = of_rows / table.size, max(0.0, of_seeds - left) / table.size
    free = (rows + fits) ** 2 / (rows**2 / (n - 1) + fits**2 / (seeds - 1))
    return rows + fits, free


@pytest.mark.parametrize("seeds", [2, 3, 7])
@pytest.mark.parametrize("spread", [0.0, 0.3, 2.0])
def test_seeds_and_rows_are_two_random_factors(seeds, spread):
    rng = np.random.default_rng(seeds)
    b = rng.normal(size=(seeds, 30))
    a = b + 1 + rng.normal(size=(seeds, 30)) + spread * rng.normal(size=(seeds, 1))
    variance, free = two_random_factors(a - b)
    half = stats.t.ppf(0.975, free) * np.sqrt(variance)
    for found in (paired_interval(a, b, share=False), mean_interval(a - b, share=False)):
        middle = (a - b).mean()
        assert (found.value, found.high) == pytest.approx((middle, middle + half))
        assert found.low == pytest.approx(middle - half)
    p = 2 * stats.t.sf((a - b).mean() / np.sqrt(variance), free)
    assert paired_interval(a, b, share=False).p == pytest.approx(p)


def test_fits_that_differ_widen_a_share_by_students_quantile():
    hits = np.array([np.arange(200) < 120, np.arange(200) < 100])
    middle = (200 * hits.mean() + 1) / 202
    rows = np.array([*hits.mean(0), 0, 1]).var() / 202
    left = (hits - hits.mean(0) - hits.mean(1)[:, None] + hits.mean()) ** 2
    fits = hits.mean(1).var(ddof=1) / 2 - left.sum() / 199 / 400
    free = (rows + fits) ** 2 / fits**2
    want = wilson_share(
        hits.mean(), middle * (1 - middle) / (rows + fits) - 2, stats.t.ppf(0.975, free)
    )
    found = mean_interval(hits)
    assert free < 10
    assert (found.value, found.low, found.high) == pytest.approx((0.55, want.low, want.high))
    same, one = mean_interval(hits[[0, 0]]), mean_interval(hits[0])
    assert (same.low, same.high) == pytest.approx((one.low, one.high))


@pytest.mark.parametrize("count", [2, 5, 12])
def test_groups_are_as_liang_and_zeger_say(count):
    """The sum over groups of their summed residuals squared, with count / (count - 1)."""
    rng = np.random.default_rng(count)
    groups = np.repeat(np.arange(count), 4) * 7
    x = 3 + np.repeat(rng.normal(size=count), 4) + 0.1 * rng.normal(size=4 * count)
    found = mean_interval(x, share=False, groups=groups)
    off = x - x.mean()
    sums = np.array([off[groups == g].sum() for g in np.unique(groups)])
    variance = (sums**2).sum() * count / (count - 1) / len(x) ** 2
    half = stats.t.ppf(0.975, count - 1) * np.sqrt(variance)
    assert found.high - x.mean() == pytest.approx(half)
    gap = paired_interval(x, np.zeros_like(x), share=False, groups=groups)
    assert gap.p == pytest.approx(2 * stats.t.sf(x.mean() / np.sqrt(variance), count - 1))


def test_each_of_the_two_rows_that_join_is_a_group_by_itself():
    """Of hits in whole groups, with one row right and one wrong that were not seen."""
    groups = np.repeat(np.arange(6), 10)
    a, b = np.isin(groups, [0, 1, 2, 3]), np.zeros(60)
    found = paired_interval(a, b, groups=groups)
    middle = 40 / 62
    sums = np.array([*[10 * (1 - middle)] * 4, *[-10 * middle] * 2, 1 - middle, -1 - middle])
    error = np.sqrt((sums**2).sum() * 6 / 5) / 62
    assert found.p == pytest.approx(2 * stats.t.sf(middle / error, 5))
    assert found.low == pytest.approx(middle - stats.t.ppf(0.975, 5) * error)


@pytest.mark.parametrize("n", [2, 6, 40])
def test_resampled_groups_are_stretched_to_students_quantile(n):
    wanted = stats.t.ppf(0.975, n - 1) / stats.norm.ppf(0.975) * np.sqrt(n / (n - 1))
    assert stretched(n) == pytest.approx(wanted)
    assert stretched(n, 0.8) == pytest.approx(
        stats.t.ppf(0.9, n - 1) / stats.norm.ppf(0.9) * np.sqrt(n / (n - 1))
    )


def test_draws_are_those_of_the_seed():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 300)) < 0.6
    found = [paired_bootstrap(a, b, resamples=300, seed=seed) for seed in (0, 0, 1)]
    assert found[0] == found[1]
    assert (found[0].low, found[0].high) != (found[2].low, found[2].high)


def test_a_difference_may_be_as_large_as_the_disagreement():
    """All rows on which they differ speak for the same one."""
    assert labels_needed(0.1, 0.1) == np.ceil((1.959964 + 0.841621) ** 2 * 0.1 / 0.1**2)
    assert labels_needed(1.0, 1.0) == 8
