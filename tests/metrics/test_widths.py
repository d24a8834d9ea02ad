"""Intervals are as wide as they say: too wide fails as too narrow does; p is two-sided.

Where draws can be counted through, coverage is exact: no seed decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from landbridge.metrics.estimates import mean_interval, paired_interval, widened
from landbridge.metrics.intervals import paired_bootstrap, wilson_share
from landbridge.structured.base import Example, Metric
from landbridge.structured.evaluation import evaluate_predictions as judge_structured
from landbridge.verdict.partition import partition_score

LEVEL = 0.95


@pytest.mark.parametrize("n", [8, 20, 100, 400])
def test_a_share_is_covered_as_often_as_it_says(n):
    """Exactly, over all numbers of hits; the mean over shares evens out the steps."""
    found = [mean_interval(np.arange(n) < k) for k in range(n + 1)]
    low, high = (np.array([getattr(one, end) for one in found]) for end in ("low", "high"))
    inside, below, above = [], [], []
    for share in np.linspace(0.02, 0.98, 97):
        p = stats.binom.pmf(np.arange(n + 1), n, share)
        inside.append(p[(low <= share) & (share <= high)].sum())
        below.append(p[high < share].sum())
        above.append(p[low > share].sum())
    assert 0.945 <= np.mean(inside) <= 0.965
    assert np.mean(below) == pytest.approx(np.mean(above), abs=1e-9)  # neither side is favoured


@pytest.mark.parametrize("n", [10, 30, 60])
def test_a_paired_difference_is_covered_as_often_as_it_says(n):
    """Exactly, over all numbers of rows that only one or only the other has right."""
    found = {}
    for wins in range(n + 1):
        for losses in range(n + 1 - wins):
            a = np.arange(n) < wins
            b = (np.arange(n) >= wins) & (np.arange(n) < wins + losses)
            gap = paired_interval(a, b)
            found[wins, losses] = gap.low, gap.high
    counts = np.array(list(found))
    low, high = np.array(list(found.values())).T
    inside, wrong = [], []
    for more, less in itertools.product((0.1, 0.2, 0.3), repeat=2):
        table = np.column_stack([counts, n - counts.sum(1)])
        p = stats.multinomial.pmf(table, n, [more, less, 1 - more - less])
        inside.append(p[(low <= more - less) & (more - less <= high)].sum())
        wrong.append(p[(low > 0) | (high < 0)].sum() if more == less else 0.0)
    assert 0.94 <= np.mean(inside) <= 0.975  # a little wide for ten rows, and right from thirty on
    assert max(wrong) <= 0.055  # how often something is told where there is nothing


def trials(draw: Callable[[np.random.Generator], tuple[float, float, float]], n: int) -> np.ndarray:
    """Return how often an interval holds the truth, lies above it, and below it."""
    rng = np.random.default_rng(0)
    found = np.array([draw(rng) for _ in range(n)])
    low, high, truth = found.T
    return np.array(
        [np.mean((low <= truth) & (truth <= high)), (low > truth).mean(), (high < truth).mean()]
    )


@pytest.mark.parametrize("n", [3, 10, 100])
@pytest.mark.parametrize("paired", [False, True])
def test_errors_are_covered_as_often_as_they_say(n, paired):
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        x = 5 + rng.normal(size=n)
        if paired:
            y = rng.normal(size=n)
            found = paired_interval(x + y, y, share=False)
            return found.low, found.high, 5.0
        one = mean_interval(x, share=False)
        return one.low, one.high, 5.0

    inside, above, below = trials(draw, 2500)
    assert inside == pytest.approx(LEVEL, abs=0.012)
    assert above == pytest.approx(0.025, abs=0.01)
    assert below == pytest.approx(0.025, abs=0.01)


@pytest.mark.parametrize(("seeds", "spread"), [(3, 0.0), (5, 0.05), (10, 0.3)])
def test_seeds_of_both_are_covered(seeds, spread):
    """Methods whose fits differ: the interval is about the methods, not about these fits.

    Of two or three fits that differ far more than rows do nobody can say how much they differ:
    there it is too narrow, as `paired_interval` says.
    """

    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        rows = rng.normal(size=80)
        noise = rng.normal(size=(2, seeds, 80)) + spread * rng.normal(size=(2, seeds, 1))
        found = paired_interval(rows + noise[0] + 1, rows + noise[1], share=False)
        return found.low, found.high, 1.0

    inside, above, below = trials(draw, 1500)
    assert 0.925 <= inside <= 0.985
    assert abs(above - below) < 0.02


@pytest.mark.parametrize("n", [4, 30])
def test_p_of_errors_is_that_of_the_paired_t_test(n):
    rng = np.random.default_rng(1)
    for shift in (0.0, 0.4, -1.0):
        a, b = rng.normal(size=n) + shift, rng.normal(size=n)
        found = paired_interval(a, b, share=False)
        want = stats.ttest_rel(a, b)
        assert found.p == pytest.approx(want.pvalue)
        sure = want.confidence_interval(LEVEL)
        assert (found.low, found.high) == pytest.approx((sure.low, sure.high))


@pytest.mark.parametrize(
    ("wins", "losses", "n"), [(30, 12, 100), (3, 9, 40), (5, 5, 20), (0, 7, 30)]
)
def test_p_of_hits_is_two_sided(wins, losses, n):
    """Bonett & Price: one row more on either side, then normal; its p is near McNemar's."""
    a = np.arange(n) < wins
    b = (np.arange(n) >= wins) & (np.arange(n) < wins + losses)
    found = paired_interval(a, b)
    more, less, m = wins + 1, losses + 1, n + 2
    gap = (more - less) / m
    error = np.sqrt(((more + less) / m - gap**2) / m)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(gap) / error))
    ends = gap + np.array([-1, 1]) * stats.norm.ppf(0.975) * error
    assert (found.low, found.high) == pytest.approx(tuple(ends))
    assert (found.value, found.seeds, found.examples) == ((wins - losses) / n, 1, n)
    assert found.disagreement == (wins + losses) / n
    exact = stats.binomtest(wins, wins + losses).pvalue
    assert exact / 2.5 <= found.p <= 1.5 * exact
    assert paired_interval(b, a).p == pytest.approx(found.p)


def test_p_is_uniform_where_there_is_no_difference():
    rng = np.random.default_rng(2)
    ps = np.array([paired_interval(*(rng.random((2, 300)) < 0.7)).p for _ in range(3000)])
    assert stats.kstest(ps, "uniform").statistic < 0.05  # it has steps, as counts have
    for size in (0.05, 0.1, 0.5):
        assert (ps < size).mean() == pytest.approx(size, abs=4 * np.sqrt(size / 3000))


def test_p_and_width_of_the_bootstrap_are_those_of_the_normal():
    rng = np.random.default_rng(3)
    a, b = rng.random(400) < 0.75, rng.random(400) < 0.68
    found, known = paired_bootstrap(a, b, resamples=20_000), paired_interval(a, b)
    assert found.p == pytest.approx(known.p, rel=0.1)
    assert found.high - found.low == pytest.approx(known.high - known.low, rel=0.03)


def test_levels():
    """The quantile is the level's, and 95 % where none is named."""
    x, one = np.random.default_rng(4).normal(size=5000), np.ones(50)
    for level in (0.8, 0.95, 0.99):
        found = mean_interval(x, share=False, level=level)
        half = stats.t.ppf(0.5 + level / 2, 4999) * x.std(ddof=1) / np.sqrt(5000)
        assert found.high - found.value == pytest.approx(half)
        assert found.level == paired_interval(x, -x, share=False, level=level).level == level
        share = wilson_share(0.3, 40, level=level)
        want = stats.binomtest(12, 40).proportion_ci(level, method="wilson")
        assert (share.low, share.high) == pytest.approx((want.low, want.high))
        assert mean_interval(one, level=level).low == pytest.approx(
            stats.binomtest(50, 50).proportion_ci(level, method="wilson").low
        )
    assert mean_interval(x, share=False).level == LEVEL
    assert paired_interval(one, one).level == wilson_share(1.0, 9).level == LEVEL


@pytest.mark.parametrize("n", [1, 10, 200])
def test_room_where_resampling_left_none(n):
    """A share has Wilson's; a difference that of two rows more, one on either side."""
    for value in (0.0, 0.4, 1.0):
        found, want = widened(value, value, value, n), wilson_share(value, n)
        assert (found.low, found.high) == (want.low, want.high)
    found = widened(0.0, 0.0, 0.0, n, share=False)
    want = paired_interval(np.ones(n), np.ones(n))
    assert (found.low, found.high) == pytest.approx((want.low, want.high), rel=1e-6)
    assert widened(0.9, 0.9, 0.9, 1, share=False).high == 1.0
    assert widened(-0.9, -0.9, -0.9, 1, share=False).low == -1.0
    assert (widened(0.4, 0.3, 0.5, n).low, widened(0.4, 0.3, 0.5, n).high) == (0.3, 0.5)


# What is no mean: intervals by resampling ---------------------------------------------------------


@pytest.mark.parametrize("higher", [True, False])
def test_structured_scores_have_intervals_as_wide_as_theory_says(higher):
    """A score that is a mean of rows in truth: its width is known, and each end's."""
    n, share, other = 400, 0.7, 0.5
    metric = Metric("x", lambda a, b: [a == b, 1], lambda c: float(c[0] / c[1]), higher)
    rng = np.random.default_rng(5)
    ends = []
    for seed in range(6):
        truth = [Example(str(i), 1) for i in range(n)]
        said = {
            name: (rng.permutation(n) < p * n).astype(int).tolist()
            for name, p in (("tuned", share), ("scratch", other))
        }
        found = judge_structured([metric], said, truth, seed=seed)
        own, gap = found.models[0], found.difference
        assert gap is not None
        sign = 1 if higher else -1
        assert own.scores == {"x": pytest.approx(share)}
        assert gap.value == pytest.approx(sign * (share - other))
        apart = np.array(said["tuned"]) - np.array(said["scratch"])
        ends.append(
            [
                [share - own.main.low, own.main.high - share],
                np.array([gap.value - gap.low, gap.high - gap.value])
                / apart.std()
                * np.sqrt(share * (1 - share)),
            ]
        )
    half = stats.norm.ppf(0.975) * np.sqrt(share * (1 - share) / n)
    assert np.mean(ends, axis=0) == pytest.approx(np.full((2, 2), half), rel=0.06)


def test_groups_have_intervals_as_wide_as_theory_says():
    """The share of rows on the best assignment is a mean where no other assignment is near."""
    n, share = 120, 0.8
    rng = np.random.default_rng(6)
    halves = []
    for seed in range(3):
        labels = np.arange(n) % 3
        own = np.where(rng.permutation(n) >= share * n, (labels + 1) % 3, labels)
        found = partition_score(labels, own, seed).accuracy
        assert found.value == pytest.approx(share)
        halves.append([share - found.low, found.high - share])
    half = stats.norm.ppf(0.975) * np.sqrt(share * (1 - share) / n)
    assert np.mean(halves, axis=0) == pytest.approx(np.full(2, half), rel=0.1)


@pytest.mark.parametrize("groups", [6, 15])
@pytest.mark.parametrize("apart", [1.0, 3.0])
def test_intervals_by_groups_hold_where_those_of_single_rows_do_not(groups, apart):
    rng = np.random.default_rng(groups)
    held = {"groups": 0, "rows": 0}
    for _ in range(300):
        own = np.repeat(np.arange(groups), rng.integers(2, 14, groups))
        odds = 1 + apart * rng.normal(size=(2, groups))[:, own]
        a, b = rng.random(odds.shape) < 1 / (1 + np.exp(-odds))
        by_groups, by_rows = paired_interval(a, b, groups=own), paired_interval(a, b)
        held["groups"] += by_groups.low <= 0 <= by_groups.high
        held["rows"] += by_rows.low <= 0 <= by_rows.high
    assert held["groups"] > 0.9 * 300
    assert held["rows"] < 0.87 * 300


def test_groups_of_one_row_are_rows():
    scores = np.random.default_rng(0).normal(size=80)
    alone = mean_interval(scores, share=False)
    grouped = mean_interval(scores, share=False, groups=np.arange(80))
    assert grouped.low == pytest.approx(alone.low)
    assert grouped.high == pytest.approx(alone.high)


def test_groups_never_make_an_interval_narrower():
    hits = np.tile([True, False], 30)  # each group of two is half right: no group differs
    own = np.repeat(np.arange(30), 2)
    alone, grouped = mean_interval(hits), mean_interval(hits, groups=own)
    assert grouped.high - grouped.low >= alone.high - alone.low
