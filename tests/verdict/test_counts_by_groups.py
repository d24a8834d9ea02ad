"""Scores of all rows' counts are compared on the same resamples, and whole groups stay whole."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from landbridge.verdict.comparison import ByCounts

GROUPS = np.repeat([4, 9, 2, 7, 5], [3, 8, 5, 6, 8])
N = len(GROUPS)


class Share:
    """The share of rows that are right (or wrong), and which rows it was asked of."""

    def __init__(self, higher=True, non_additive=False):
        self.higher, self.non_additive, self.asked = higher, non_additive, []

    def of(self, counts, rows=None):
        self.asked.append(rows)
        own = np.asarray(counts, float)
        return float((own if rows is None else own[rows]).mean())


def drawn(metric, counts, **how):
    """Return the rows of each resample, method by method."""
    by = ByCounts(metric, counts, **how)
    rows = [np.asarray(r) for r in metric.asked if r is not None]
    size = len(rows) // len(counts)
    return by, [rows[i * size : (i + 1) * size] for i in range(len(counts))]


@pytest.mark.parametrize(("whole", "wanted"), [(False, 1000), (True, 200)])
def test_methods_share_their_resamples_and_groups_are_never_cut(whole, wanted):
    metric = Share(non_additive=whole)
    counts = {"tuned": np.ones(N), "scratch": np.zeros(N)}
    by, (ours, theirs) = drawn(metric, counts, groups=GROUPS, seed=3)
    assert by.n_groups == 5
    assert len(ours) == 2 * wanted  # of rows, and of groups
    assert all((a == b).all() for a, b in zip(ours, theirs, strict=True))
    assert all(len(rows) == N for rows in ours[:wanted])
    seen = set()
    for rows in ours[wanted:]:
        times = np.bincount(rows, minlength=N)
        each = [set(times[g == GROUPS].tolist()) for g in np.unique(GROUPS)]
        assert all(len(one) == 1 for one in each)
        assert sum(one.pop() for one in each) == 5
        seen |= set(rows.tolist())
    assert seen == set(range(N))


def test_resamples_are_those_of_the_seed():
    counts = {"tuned": np.arange(N)}
    found = [drawn(Share(), counts, seed=seed)[1][0][0].tolist() for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("higher", [True, False])
def test_groups_that_are_right_as_a_whole_make_wide_intervals(higher):
    ours, theirs = np.isin(GROUPS, [4, 9, 7]).astype(float), np.arange(N) % 2 * 1.0
    counts = {"tuned": ours, "scratch": theirs}
    rows, groups = (
        ByCounts(Share(higher), counts, groups=groups, seed=1) for groups in (None, GROUPS)
    )
    assert rows.n_groups == 0
    for of in (lambda by: by.interval("tuned"), lambda by: by.difference("tuned", "scratch")):
        narrow, wide = of(rows), of(groups)
        assert wide.value == narrow.value
        assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
        assert wide.low <= narrow.low < narrow.high <= wide.high
    gap = groups.difference("tuned", "scratch")
    assert gap.value == pytest.approx((ours - theirs).mean() * (1 if higher else -1))
    turned = groups.difference("scratch", "tuned")
    assert (turned.low, turned.high) == pytest.approx((-gap.high, -gap.low))


def test_shares_by_groups_stay_shares_and_error_rates_may_pass_one():
    most = np.isin(GROUPS, [4, 9, 2, 7]).astype(float)
    share = ByCounts(Share(), {"a": most}, groups=GROUPS).interval("a")
    assert share.high == 1.0
    errors = ByCounts(Share(higher=False), {"a": most}, groups=GROUPS).interval("a")
    assert errors.high > 1.0
    none = ByCounts(Share(higher=False), {"a": 1 - most}, groups=GROUPS).interval("a")
    assert none.low == 0.0
    many = ByCounts(Share(higher=False), {"a": np.full(N, 1.5)}).interval("a")
    assert (many.value, many.low, many.high) == (1.5, 1.5, 1.5)


def test_few_groups_are_stretched_to_students_quantile():
    """The ends are those of the group resamples, that much further away."""
    ours = np.isin(GROUPS, [4, 9]).astype(float)
    metric = Share(higher=False)
    by, (rows,) = drawn(metric, {"a": ours}, groups=GROUPS, seed=2)
    value = ours.mean()
    least, most = np.percentile([ours[r].mean() for r in rows[1000:]], [2.5, 97.5])
    wider = stats.t.ppf(0.975, 4) / stats.norm.ppf(0.975) * np.sqrt(5 / 4)
    found = by.interval("a")
    assert found.low == pytest.approx(max(0.0, value - wider * (value - least)))
    assert found.high == pytest.approx(value + wider * (most - value))


def test_equal_rows_leave_room_for_as_many_groups_as_there_are():
    counts = {"a": np.ones(N), "b": np.ones(N)}
    rows, groups = (ByCounts(Share(), counts, groups=g) for g in (None, GROUPS))
    assert groups.interval("a").low < rows.interval("a").low < 1
    gap = groups.difference("a", "b")
    assert gap.low == -gap.high < rows.difference("a", "b").low < 0
