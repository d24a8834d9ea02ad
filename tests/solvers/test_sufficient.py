"""Statistics of parts against the same solvers on all rows in one place."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from landbridge.solvers.linear.ridge import one_vs_rest, ridge_loo, ridge_solve
from landbridge.solvers.linear.sufficient import (
    Statistics,
    choose_alpha,
    coral_of,
    discriminant,
    merged,
    ridge_path,
)
from landbridge.solvers.mapping.alignment import coral_map

PARTS = {
    "unlike sizes": (120, 17, 40),
    "one row": (60, 1, 30),
    "fewer rows than columns": (5, 3, 4),
    "far from 0": (50, 20, 30),
}


def made(case, dtype, d=9, k=3):
    rng = np.random.default_rng(len(case))
    parts = []
    for i, n in enumerate(PARTS[case]):
        shift = 1e4 if case == "far from 0" else 0
        x = rng.normal(size=(n, d)) * np.arange(1, d + 1) + i + shift
        x[:, 4] = 7  # constant
        labels = np.full(n, i) if i == 1 else rng.integers(0, k, n)  # a client of one class
        parts.append((x.astype(dtype), labels))
    return parts


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", PARTS)
def test_ridge_of_merged_statistics_is_that_of_all_rows(case, dtype):
    parts = made(case, dtype)
    found = merged([Statistics.of(x, one_vs_rest(y, 3)) for x, y in parts])
    x = np.concatenate([own for own, _ in parts]).astype(np.float64)
    t = one_vs_rest(np.concatenate([y for _, y in parts]), 3).astype(np.float64)
    deviation = np.where(x.std(0) > 0, x.std(0), 1)
    for alpha, (weight, bias) in zip(
        (1e-2, 1.0, 1e4), ridge_path(found, (1e-2, 1, 1e4)), strict=True
    ):
        w, b = ridge_solve((x - x.mean(0)) / deviation, t, alpha)
        expected = (x - x.mean(0)) / deviation @ w.T + b
        np.testing.assert_allclose(x @ weight.T + bias, expected, atol=1e-6)


@pytest.mark.parametrize("case", PARTS)
def test_in_any_order_of_parts_and_of_rows(case):
    parts = made(case, np.float64)
    one = merged([Statistics.of(x, one_vs_rest(y, 3)) for x, y in parts])
    other = merged([Statistics.of(x[::-1], one_vs_rest(y[::-1], 3)) for x, y in parts[::-1]])
    for name in ("n", "mean", "scatter", "target_mean", "cross", "target_scatter"):
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-7)
    whole = Statistics.of(
        *(np.concatenate(z) for z in zip(*((x, one_vs_rest(y, 3)) for x, y in parts), strict=True))
    )
    np.testing.assert_allclose(one.scatter, whole.scatter, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(one.cross, whole.cross, rtol=1e-9, atol=1e-6)


def test_nothing_is_nothing():
    some = Statistics.of(np.ones((2, 3)), np.ones((2, 1)))
    none = Statistics.of(np.ones((0, 3)), np.ones((0, 1)))
    for both in (some.merge(none), none.merge(some)):
        np.testing.assert_array_equal(both.mean, some.mean)
        assert both.n == 2
    assert none.merge(none).n == 0


def test_the_error_on_rows_that_are_not_there():
    (x, y), *_ = made("far from 0", np.float64)
    t = one_vs_rest(y, 3)
    weight, bias = np.random.default_rng(0).normal(size=(3, 9)), np.array([1.0, 2, 3])
    direct = ((t - x @ weight.T - bias) ** 2).sum()
    assert Statistics.of(x, t).squared_error(weight, bias) == pytest.approx(direct, rel=1e-9)


def test_the_strength_is_that_with_the_least_error_on_folds():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 20))
    t = x[:, :1] + 2 * rng.normal(size=(90, 1))
    alphas = [1e-2, 1.0, 100.0, 1e4]
    folds = [Statistics.of(x[i::3], t[i::3]) for i in range(3)]
    errors = []
    for alpha in alphas:
        error = 0.0
        for i in range(3):
            rest = np.arange(90) % 3 != i
            own, goal = x[rest], t[rest]
            z = (own - own.mean(0)) / own.std(0)
            w, b = ridge_solve(z, goal, alpha)
            out = (x[~rest] - own.mean(0)) / own.std(0) @ w.T + b
            error += ((t[~rest] - out) ** 2).sum()
        errors.append(error)
    assert choose_alpha(folds, alphas) == alphas[int(np.argmin(errors))]
    assert ridge_loo(x, t, alphas).strength in alphas


def test_the_discriminant_is_scikit_learns():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 200)
    x = rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5)) + 2 * np.eye(3, 5)[y]
    parts = [Statistics.of(x[i::4], one_vs_rest(y[i::4], 3)) for i in range(4)]
    weight, bias = discriminant(merged(parts), shrinkage=0)
    peer = LinearDiscriminantAnalysis(solver="lsqr").fit(x, y)
    # scikit-learn divides the covariance by n, and we by n − classes: priors apart, scores differ
    # by that factor, and by what is the same for all classes
    prior = np.log(np.bincount(y) / 200)
    ours = (x @ weight.T + bias - prior) * 200 / 197 + prior
    ours, theirs = (z - z.mean(1, keepdims=True) for z in (ours, peer.decision_function(x)))
    np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_a_class_without_rows_is_never_answered():
    x = np.random.default_rng(0).normal(size=(20, 3))
    y = np.repeat([0, 2], 10)
    weight, bias = discriminant(Statistics.of(x, one_vs_rest(y, 3)))
    assert set((x @ weight.T + bias).argmax(1)) <= {0, 2}
    alone, base = discriminant(Statistics.of(x[:1], one_vs_rest(y[:1], 3)))
    assert (x @ alone.T + base).argmax(1).tolist() == [0] * 20


@pytest.mark.parametrize(("n", "m"), [(60, 25), (4, 30), (1, 30)])
def test_coral_of_statistics_is_coral_of_rows(n, m):
    rng = np.random.default_rng(0)
    xs, xt = rng.normal(size=(n, 6)), rng.normal(size=(m, 6)) * np.arange(1, 7) + 3
    ours = coral_of(*(Statistics.of(x, np.zeros((len(x), 0))) for x in (xs, xt)), reg=0.2)
    np.testing.assert_allclose(ours(xs), coral_map(xs, xt, reg=0.2)(xs), atol=1e-6)
