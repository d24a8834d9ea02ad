"""Kernel mean matching and its quadratic program, against generic solvers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, minimize

from landbridge.solvers.density_ratio.box_qp import box_qp
from landbridge.solvers.density_ratio.kmm import kmm
from landbridge.solvers.density_ratio.projection import project_box_sum
from landbridge.solvers.kernels.gaussian_kernel import (
    gaussian_gram,
    median_distance,
    squared_distances,
)
from landbridge.solvers.kernels.low_rank_gram import low_rank_gram


def generic(matrix, linear, upper, low, high):
    """SciPy's interior-point and SQP methods; the better of the two."""
    n = len(linear)

    def value(w):
        return 0.5 * w @ matrix @ w - linear @ w

    start = np.full(n, np.clip(1.0, low / n, high / n))
    found = []
    for method in ("SLSQP", "trust-constr"):
        constraint = LinearConstraint(np.ones((1, n)), low, high)
        options = {"maxiter": 2000}
        if method == "SLSQP":
            options["ftol"] = 1e-14
        else:
            options.update(gtol=1e-10, xtol=1e-12, barrier_tol=1e-12)
        done = minimize(
            value,
            start,
            jac=lambda w: matrix @ w - linear,
            hess=(lambda w: matrix) if method == "trust-constr" else None,
            bounds=Bounds(np.zeros(n), np.full(n, upper)),
            constraints=constraint,
            method=method,
            options=options,
        )
        w = project_box_sum(done.x, upper, low, high)  # what it lacks in feasibility
        found.append(value(w))
    return min(found)


def problem(n=30, m=40, d=2, seed=0, bandwidth=None):
    rng = np.random.default_rng(seed)
    xs, xt = rng.normal(size=(n, d)), rng.normal(size=(m, d)) * 0.7 + 0.6
    sigma = bandwidth or median_distance(xs, xt)
    kernel = np.exp(-squared_distances(xs, xs) / (2 * sigma**2))
    across = np.exp(-squared_distances(xs, xt) / (2 * sigma**2))
    return xs, xt, sigma, kernel, across.mean(1) * n


@pytest.mark.parametrize("seed", range(40))
def test_projection_by_its_conditions(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9))
    point, upper = rng.normal(size=n) * 3, float(rng.uniform(0.3, 2))
    low = float(rng.uniform(0, n * upper))
    high = low + float(rng.choice([0.0, rng.uniform(0, 2)]))
    pull = float(rng.choice([0.0, 0.5, 10.0]))
    w = project_box_sum(point, upper, low, high, pull)
    assert w.min() >= 0
    assert w.max() <= upper
    assert low - 1e-9 <= w.sum() <= high + 1e-9
    # A convex function is least at w where no feasible exchange or change of sum lowers it.
    gradient = w - point + pull * (w.sum() - point.sum())
    up, down = w < upper - 1e-9, w > 1e-9
    if up.any() and down.any():
        assert gradient[up].min() >= gradient[down].max() - 1e-7
    if w.sum() < high - 1e-9 and up.any():
        assert gradient[up].min() >= -1e-7
    if w.sum() > low + 1e-9 and down.any():
        assert gradient[down].max() <= 1e-7


def test_projection_refuses_what_cannot_be():
    with pytest.raises(ValueError, match="no w"):
        project_box_sum(np.ones(3), 1.0, 4.0, 5.0)
    with pytest.raises(ValueError, match="no w"):
        project_box_sum(np.ones(3), 1.0, 2.0, 1.0)


@pytest.mark.parametrize(
    ("upper", "slack"), [(1000.0, 0.8), (1000.0, 0.01), (2.0, 0.3), (1.5, 0.0), (1000.0, 0.0)]
)
@pytest.mark.parametrize("bandwidth", [None, 0.3, 5.0])
def test_kmm_against_generic_solvers(upper, slack, bandwidth):
    xs, xt, sigma, kernel, linear = problem(bandwidth=bandwidth)
    n = len(xs)
    found = kmm(xs, xt, bandwidth=sigma, upper=upper, slack=slack, tolerance=1e-7, max_steps=5000)
    best = generic(kernel, linear, upper, n * (1 - slack), n * (1 + slack)) / n**2
    assert found.gap <= 1e-7
    assert found.objective <= best + found.gap
    assert found.objective >= best - 1e-6  # SciPy's own slack
    w = found.weights * found.mean
    assert w.max() <= upper + 1e-9
    assert abs(found.mean - 1) <= slack + 1e-9
    assert 0.5 * w @ kernel @ w - linear @ w == pytest.approx(found.objective * n**2, rel=1e-9)
    if slack > 0.5:
        assert found.objective < found.objective_before


@pytest.mark.parametrize("d", [2, 40])
def test_large_programs_close_the_gap(d):
    rng = np.random.default_rng(d)
    xs, xt = rng.normal(size=(900, d)), rng.normal(size=(500, d)) * 0.8 + 0.5 / np.sqrt(d)
    sigma = median_distance(xs, xt)
    kernel = gaussian_gram(xs, sigma)
    linear = np.exp(-squared_distances(xs, xt) / (2 * sigma**2)).mean(1) * 900
    found = box_qp(kernel, linear, 1000.0, 30.0, 1770.0, tolerance=1e-6 * 900**2)
    assert found.gap <= 1e-6 * 900**2
    value = 0.5 * found.w @ kernel @ found.w - linear @ found.w
    assert found.value == pytest.approx(value, rel=1e-9)
    # The gap, written out: no vertex of the feasible set promises more.
    gradient = kernel @ found.w - linear
    order = np.argsort(gradient)
    vertex = np.zeros(900)
    vertex[order[0]], vertex[order[1]] = 1000, 770
    assert gradient @ (found.w - vertex) <= found.gap + 1e-6 * 900
    sparse = box_qp(kernel, linear, 1000.0, 30.0, 1770.0, tolerance=1e-4 * 900**2)
    assert found.value <= sparse.value + 1e-9
    assert sparse.value - found.value <= sparse.gap


def test_low_rank_is_the_same_program():
    rng = np.random.default_rng(0)
    xs, xt = rng.normal(size=(1200, 2)), rng.normal(size=(700, 2)) * 0.7 + 0.5
    sigma = median_distance(xs, xt)
    factor = low_rank_gram(xs, sigma, 1e-9, 400)
    dense = gaussian_gram(xs, sigma)
    assert factor is not None
    assert factor.factor.shape[1] < 200
    assert np.abs(factor.factor @ factor.factor.T - dense).max() <= max(factor.error, 1e-9) * 1.01
    assert factor.mean() == pytest.approx(dense.mean())
    linear = 1200 * np.exp(-squared_distances(xs, xt) / (2 * sigma**2)).mean(1)
    bounds = (1000.0, 35.0, 2365.0)
    first = box_qp(factor, linear, *bounds, tolerance=1e-5 * 1200**2)
    second = box_qp(dense, linear, *bounds, tolerance=1e-5 * 1200**2)
    assert first.value == pytest.approx(second.value, abs=1e-5 * 1200**2)
    assert low_rank_gram(rng.normal(size=(600, 50)), 3.0, 1e-7, 75) is None


def test_float32_kernel_at_size():
    rng = np.random.default_rng(1)
    xs, xt = rng.normal(size=(2300, 60)), rng.normal(size=(800, 60)) * 0.9 + 0.1
    found = kmm(xs, xt)
    assert found.gap <= 1e-5
    kernel = gaussian_gram(xs, found.bandwidth)
    linear = 2300 * np.exp(-squared_distances(xs, xt) / (2 * found.bandwidth**2)).mean(1)
    w = found.weights * found.mean
    assert (0.5 * w @ kernel @ w - linear @ w) / 2300**2 == pytest.approx(found.objective, abs=1e-6)


def test_parts():
    rng = np.random.default_rng(2)
    xs, xt = rng.normal(size=(900, 20)), rng.normal(size=(500, 20)) * 0.8 + 0.2
    whole, split = kmm(xs, xt), kmm(xs, xt, part=300)
    assert (whole.parts, split.parts) == (1, 3)
    assert split.weights.mean() == pytest.approx(1)
    for found in (whole, split):
        moved = np.average(xs, axis=0, weights=found.weights)
        assert np.abs(moved - xt.mean(0)).max() < 0.1
    np.testing.assert_array_equal(split.weights, kmm(xs, xt, part=300).weights)


def test_refuses():
    xs, xt, *_ = problem()
    for options in ({"bandwidth": 0.0}, {"upper": 0.0}, {"slack": -0.1}, {"part": 0}):
        with pytest.raises(ValueError):
            kmm(xs, xt, **options)
    with pytest.raises(ValueError, match="upper"):
        kmm(xs, xt, upper=0.5, slack=0.1)
    with pytest.raises(ValueError, match="shapes"):
        box_qp(np.eye(3), np.ones(2), 1.0, 0.0, 1.0)


def test_median_distance():
    rng = np.random.default_rng(0)
    xs, xt = rng.normal(size=(40, 3)), rng.normal(size=(30, 3)) + 1
    both = np.concatenate([xs, xt])
    d = np.sqrt(((both[:, None] - both) ** 2).sum(2))[np.triu_indices(70, 1)]
    assert median_distance(xs, xt) == pytest.approx(np.median(d))
    assert median_distance(xs * 1000, xt * 1000) == pytest.approx(1000 * np.median(d))
    assert median_distance(np.ones((5, 2)), np.ones((4, 2))) == 1
    twins = np.array([[0.1, 0.2]] * 9 + [[3.1, 4.2]])
    assert median_distance(twins, twins[:1]) == pytest.approx(5)
    many = rng.normal(size=(3000, 4))
    assert median_distance(many, many[:2000]) == pytest.approx(2.6, abs=0.1)
