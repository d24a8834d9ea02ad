"""What every interval must do, for any scores: hold the figure, stay inside, shrink, mirror."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from landbridge.metrics.estimates import mean_interval, paired_interval, widened
from landbridge.metrics.intervals import wilson_share
from properties import holds

LEVELS = st.sampled_from([0.8, 0.95, 0.99])
SHARES = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))


@st.composite
def tables(draw, sides=1, values=SHARES):
    """Scores of some seeds on some rows, of one side or of several on the same rows."""
    seeds, rows = draw(st.integers(1, 4)), draw(st.integers(1, 12))
    table = st.lists(values, min_size=seeds * rows, max_size=seeds * rows)
    found = [np.reshape(draw(table), (seeds, rows)) for _ in range(sides)]
    return found if sides > 1 else found[0]


def width(interval):
    return interval.high - interval.low


@holds(n=st.integers(1, 400), part=st.floats(0, 1), level=LEVELS)
def test_wilsons_interval(n, part, level):
    k = round(part * n)
    found, mirrored = (wilson_share(hits / n, n, level=level) for hits in (k, n - k))
    assert 0 <= found.low <= k / n <= found.high <= 1
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low))
    more, surer = wilson_share(k / n, 3 * n, level=level), wilson_share(k / n, n, level=0.999)
    assert width(more) < width(found) < width(surer)


@holds(scores=tables(), level=LEVELS)
def test_a_mean_of_shares(scores, level):
    found = mean_interval(scores, level=level)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.value == pytest.approx(scores.mean())
    assert width(found) > 0
    mirrored = mean_interval(1 - scores, level=level)
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-9)
    if len(scores) == 1:  # what seeds vary is not made less by more rows
        assert width(mean_interval(np.tile(scores, 4), level=level)) < width(found)


@holds(errors=tables(values=st.floats(0, 1e6)), level=LEVELS)
def test_a_mean_of_errors(errors, level):
    found = mean_interval(-errors, share=False, scale=1.0, level=level)
    assert found.low <= found.value <= found.high <= 0
    assert found.value == pytest.approx(-errors.mean())
    if not errors.any():
        return  # neither sign says which way they could go: taken for errors
    turned = mean_interval(errors, share=False, scale=1.0, level=level)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


@holds(sides=tables(sides=2), level=LEVELS)
def test_a_difference_of_shares(sides, level):
    a, b = sides
    found, swapped = (paired_interval(*pair, level=level) for pair in ((a, b), (b, a)))
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.value == pytest.approx(a.mean() - b.mean(), abs=1e-12)
    assert (swapped.value, swapped.low, swapped.high) == pytest.approx(
        (-found.value, -found.high, -found.low), abs=1e-12
    )
    assert swapped.p == pytest.approx(found.p)
    assert 0 <= found.p <= 1
    assert width(found) > 0
    if len(a) == 1:
        more = paired_interval(*(np.tile(side, 4) for side in sides), level=level)
        assert width(more) < width(found)


@holds(sides=tables(sides=2, values=st.integers(-9999, 9999).map(lambda x: x / 100)))
def test_a_difference_of_numbers(sides):
    a, b = sides
    found, swapped = (paired_interval(*pair, share=False, scale=1.0) for pair in ((a, b), (b, a)))
    assert found.low <= found.value <= found.high
    assert (swapped.low, swapped.high) == pytest.approx((-found.high, -found.low), abs=1e-9)
    moved = paired_interval(a + 5, b + 5, share=False, scale=1.0)
    assert (moved.low, moved.high) == pytest.approx((found.low, found.high), abs=1e-7)


def test_gains_that_differ_by_rounding_alone_leave_the_same_room():
    a, b = np.array([0.3, 0.7, 1.1]), np.array([0.2, 0.6, 1.0])
    assert np.ptp(a - b) > 0
    found = paired_interval(a, b, share=False, scale=1.0)
    assert width(found) == pytest.approx(width(paired_interval(a, a, share=False, scale=1.0)))
    means = [mean_interval(x, share=False, scale=1.0) for x in (a - b, np.full(3, 0.1))]
    assert width(means[0]) == pytest.approx(width(means[1]))


@holds(value=st.floats(0, 1), n=st.integers(1, 1000))
def test_room_where_resampling_left_none(value, n):
    share, more = (widened(value, value, value, k) for k in (n, 3 * n))
    assert 0 <= share.low <= value <= share.high <= 1
    assert width(more) < width(share)
    gap, less = (widened(value, value, value, k, share=False) for k in (n, 3 * n))
    assert -1 <= gap.low <= value <= gap.high <= 1
    assert width(less) < width(gap)
    turned = widened(-value, -value, -value, n, share=False)
    assert (turned.low, turned.high) == (-gap.high, -gap.low)
