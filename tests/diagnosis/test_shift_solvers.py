"""The numbers themselves, against references written from the formulas, SciPy and POT."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pytest

from landbridge.solvers.two_sample.column_shift import (
    benjamini_hochberg,
    categories_shift,
    chi_squared,
    holm,
    kolmogorov_smirnov,
)
from landbridge.solvers.two_sample.domain_classifier import (
    domain_classifier,
    ledoit_wolf,
    target_log_odds,
    weighted_distance,
)
from landbridge.solvers.two_sample.mmd import median_width, mmd_test, weighted_mmd2
from landbridge.solvers.two_sample.moment_shift import gaussian_parts, moment_shift
from landbridge.solvers.two_sample.sliced_wasserstein import (
    directions,
    sliced_wasserstein,
    sliced_wasserstein_test,
    wasserstein_1d,
)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    "name",
    [
        "solvers.two_sample.mmd",
        "solvers.two_sample.sliced_wasserstein",
        "solvers.two_sample.domain_classifier",
        "solvers.two_sample.moment_shift",
        "solvers.two_sample.column_shift",
        "diagnosis.base",
        "diagnosis.columns",
        "diagnosis.diagnose",
        "diagnosis.explained",
    ],
)
def test_examples_in_the_docs_run(name):
    found = doctest.testmod(importlib.import_module(f"landbridge.{name}"))
    assert found.failed == 0
    assert found.attempted > 0


def slow_mmd2(x, y, width, weights=None):
    """The definition, pair by pair."""
    k = lambda a, b: np.exp(-((a - b) ** 2).sum() / (2 * width**2))  # noqa: E731
    n, m = len(x), len(y)
    w = np.full(n, 1 / n) if weights is None else weights / weights.sum()
    ours = sum(w[i] * w[j] * k(x[i], x[j]) for i in range(n) for j in range(n) if i != j)
    ours /= 1 - (w**2).sum()
    theirs = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    both = sum(w[i] * k(x[i], y[j]) for i in range(n) for j in range(m)) / m
    return ours + theirs - 2 * both


@pytest.mark.parametrize("far", [0.0, 1e4])
def test_mmd_is_its_definition_at_every_width(far):
    x, y = rng().normal(size=(12, 3)) + far, rng(1).normal(size=(7, 3)) + 0.5 + far
    found = mmd_test(x, y, rng(), permutations=5)
    for value, width in zip(found.values, found.bandwidths, strict=True):
        assert value == pytest.approx(slow_mmd2(x, y, width), abs=1e-9)
    pooled = np.concatenate([x, y])
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(pooled) for b in pooled[:i]]
    assert found.bandwidths[2] == pytest.approx(np.sort(gaps)[(len(gaps) - 1) // 2], rel=1e-6)


def test_permuted_mmd_is_the_mmd_of_permuted_rows():
    x, y = rng().normal(size=(9, 2)), rng(1).normal(size=(6, 2))
    found = mmd_test(x, y, rng(5), permutations=3)
    again, pooled = rng(5), np.concatenate([x, y])
    first = np.arange(15) < 9
    for k in range(3):
        member = again.permutation(first)
        want = slow_mmd2(pooled[member], pooled[~member], found.bandwidths[2])
        assert found.null[k, 2] == pytest.approx(want, abs=1e-12)


def test_weighted_mmd_is_its_definition():
    x, y, w = rng().normal(size=(8, 2)), rng(1).normal(size=(6, 2)), rng(2).random(8)
    plain, weighted = weighted_mmd2(x, y, w, 1.3)
    assert plain == pytest.approx(slow_mmd2(x, y, 1.3))
    assert weighted == pytest.approx(slow_mmd2(x, y, 1.3, w))
    with pytest.raises(ValueError, match="weights"):
        weighted_mmd2(x, y, -w, 1.0)


def test_median_width_of_repeated_rows_is_not_zero():
    assert median_width(np.zeros((4, 4))) == 1.0
    x = np.array([0.0, 0, 0, 0, 5])
    assert median_width((x[:, None] - x) ** 2) == 5.0


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("sizes", [(5, 5), (7, 4), (3, 10), (1, 6)])
def test_wasserstein_in_one_dimension_is_pots(p, sizes):
    import ot

    x, y = rng().normal(size=(sizes[0], 3)), rng(1).normal(size=(sizes[1], 3)) * 2
    want = [ot.wasserstein_1d(a, b, p=p) for a, b in zip(x.T, y.T, strict=True)]
    np.testing.assert_allclose(wasserstein_1d(x, y, p), want, atol=1e-12)


def test_sliced_wasserstein_is_pots_and_the_test_gives_the_same():
    import ot

    x, y = rng().normal(size=(30, 4)), rng(1).normal(size=(20, 4)) + 1
    theta = directions(4, 50, rng(3))
    want = ot.sliced_wasserstein_distance(x, y, projections=theta, p=2)
    assert sliced_wasserstein(x, y, theta) == pytest.approx(float(want), abs=1e-12)
    found = sliced_wasserstein_test(x, y, rng(3), count=50, permutations=9)
    assert found.value == pytest.approx(float(want), abs=1e-9)
    assert found.p == 0.1


def test_ledoit_wolf_is_scikit_learns():
    from sklearn.covariance import ledoit_wolf_shrinkage

    for n, d in ((50, 10), (20, 60)):
        x = rng().normal(size=(n, d)) @ rng(1).normal(size=(d, d))
        x -= x.mean(0)
        want = ledoit_wolf_shrinkage(x, assume_centered=True)
        assert ledoit_wolf(x) == pytest.approx(want, rel=1e-9)


def test_held_out_scores_are_those_of_shrunk_linear_discriminants():
    x, y = rng().normal(size=(40, 5)), rng(1).normal(size=(25, 5)) + 0.4
    found = domain_classifier(x, y, rng(2), permutations=0)
    again, pooled = rng(2), np.concatenate([x, y])
    pooled = pooled - pooled.mean(0)
    fold = np.concatenate([again.permutation(np.arange(k) % 5) for k in (40, 25)])
    target = np.arange(65) >= 40
    for k in range(5):
        rest, held = fold != k, fold == k
        a, b = pooled[rest & ~target].mean(0), pooled[rest & target].mean(0)
        c = np.cov(pooled[rest].T, ddof=0)
        level = np.trace(c) / 5
        c = (1 - found.shrinkage) * c + found.shrinkage * level * np.eye(5)
        want = (pooled[held] - (a + b) / 2) @ np.linalg.solve(c, b - a)
        np.testing.assert_allclose(found.scores[held], want, atol=1e-10)
    right = np.mean([(found.scores[~target] > 0).mean(), (found.scores[target] < 0).mean()])
    assert found.error == pytest.approx(right)


def test_weights_of_one_give_the_same_distance():
    x, y = rng().normal(size=(300, 5)), rng(1).normal(size=(200, 5)) + 0.4
    plain = domain_classifier(x, y, rng(2), permutations=0).distance
    assert weighted_distance(x, y, np.ones(300), rng(2)) == pytest.approx(plain, abs=0.1)


def test_log_odds_are_those_of_a_logistic_curve():
    scores = np.concatenate([rng().normal(-1, 1, 4000), rng(1).normal(1, 1, 1000)])
    odds = target_log_odds(scores, np.arange(5000) >= 4000)
    # Two Gaussians of equal variance: the log ratio of their densities is 2 x, sizes not counted.
    np.testing.assert_allclose(odds, 2 * scores, atol=0.5)


def test_the_three_parts_add_up_to_the_distance_of_gaussians():
    from scipy.linalg import sqrtm

    x = rng().normal(size=(50, 4)) @ rng(1).normal(size=(4, 4))
    y = rng(2).normal(size=(30, 4)) @ rng(3).normal(size=(4, 4)) + 1
    a, b = np.cov(x.T, ddof=0), np.cov(y.T, ddof=0)
    root = sqrtm(a)
    want = ((x.mean(0) - y.mean(0)) ** 2).sum()
    want += np.trace(a + b - 2 * sqrtm(root @ b @ root).real)
    parts = gaussian_parts(x, y)
    assert parts.sum() == pytest.approx(want, rel=1e-6)
    assert (parts >= 0).all()
    # d > n takes the same sum.
    wide = np.hstack([x, np.zeros((50, 60))]), np.hstack([y, np.zeros((30, 60))])
    np.testing.assert_allclose(gaussian_parts(*wide), parts, rtol=1e-5)


@pytest.mark.parametrize(("change", "part"), [("mean", 0), ("scale", 1), ("turn", 2)])
def test_each_kind_of_change_is_found_in_its_own_part(change, part):
    x = rng().normal(size=(800, 6)) @ np.diag([3, 1, 1, 1, 1, 1.0])
    y = rng(1).normal(size=(600, 6)) @ np.diag([3, 1, 1, 1, 1, 1.0])
    if change == "mean":
        y = y + 0.5
    elif change == "scale":
        y = y * 1.5
    else:  # the same variance in each column, other correlations
        mixed = 0.8 * np.ones((6, 6)) + 0.2 * np.eye(6)
        y = y / [3, 1, 1, 1, 1, 1] @ np.linalg.cholesky(mixed).T * [3, 1, 1, 1, 1, 1]
    found = moment_shift(x, y, rng(2))
    assert found.shares[part] > 0.9
    assert found.p[part] == pytest.approx(1 / 51)


def test_column_tests_are_scipys():
    from scipy.stats import chi2_contingency, ks_2samp

    x, y = rng().normal(size=300), rng(1).normal(size=200) + 0.15
    statistic, p = kolmogorov_smirnov(x, y)
    want = ks_2samp(x, y, method="exact")
    assert statistic == pytest.approx(want.statistic)
    assert p == pytest.approx(want.pvalue, rel=0.1)
    table = np.array([[30.0, 20], [25, 50], [40, 33]])
    assert chi_squared(table) == pytest.approx(chi2_contingency(table, correction=False).pvalue)
    assert categories_shift(["a", "b"], ["a", "b"]) == (0.0, 1.0)


def test_corrections_are_scipys_and_statsmodels_by_hand():
    from scipy.stats import false_discovery_control

    p = rng().random(20) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p))
    order = np.argsort(p)
    by_hand = np.minimum(np.maximum.accumulate(p[order] * np.arange(20, 0, -1)), 1)
    np.testing.assert_allclose(holm(p)[order], by_hand)


@pytest.mark.parametrize(
    "solve", [mmd_test, domain_classifier, sliced_wasserstein_test, moment_shift]
)
def test_solvers_leave_rows_alone_take_float32_and_refuse_nan(solve):
    x = rng().normal(size=(20, 3)).astype(np.float32)
    y = rng(1).normal(size=(15, 3)).astype(np.float32)
    before = x.copy(), y.copy()
    first, again = (solve(x, y, rng(4), permutations=9) for _ in range(2))
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])
    np.testing.assert_array_equal(first.p, again.p)
    bad = x.copy()
    bad[3, 1] = np.nan
    with pytest.raises(ValueError, match="finite"):
        solve(bad, y, rng(), permutations=9)
    with pytest.raises(ValueError):
        solve(x, y[:, :2], rng(), permutations=9)
