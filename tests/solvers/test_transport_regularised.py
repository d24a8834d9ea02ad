"""Class-regularised, unbalanced, Laplacian and joint transport: POT where it is right, else
optimality conditions and general solvers."""

from __future__ import annotations

import numpy as np
import ot
import pytest
from scipy.optimize import minimize

from landbridge.solvers.linear.ridge import one_vs_rest
from landbridge.solvers.transport.class_regularised import l1l2_transport, lpl1_transport
from landbridge.solvers.transport.cost import squared_cost
from landbridge.solvers.transport.exact import exact_transport
from landbridge.solvers.transport.joint import joint_transport
from landbridge.solvers.transport.laplacian import laplacian_transport, neighbour_laplacian
from landbridge.solvers.transport.sinkhorn import sinkhorn
from landbridge.solvers.transport.unbalanced import unbalanced_sinkhorn


def make(n: int, m: int, d: int, seed: int = 0):
    """Rows of three classes, interleaved; the target is moved."""
    rng = np.random.default_rng(seed)
    ys, yt = rng.integers(0, 3, n), rng.integers(0, 3, m)
    means = 2 * rng.normal(size=(3, d))
    xs = rng.normal(size=(n, d)) + means[ys]
    xt = rng.normal(size=(m, d)) + means[yt] + 0.5
    return xs, ys, xt, yt


def divergence(p: np.ndarray, q: np.ndarray) -> float:
    return float((p * np.log(np.where(p > 0, p / q, 1))).sum() - p.sum() + q.sum())


def l1l2_value(plan, matrix, ys, reg, eta):
    n, m = matrix.shape
    norms = sum(np.sqrt((plan[ys == c] ** 2).sum(0)).sum() for c in np.unique(ys))
    return (plan * matrix).sum() + reg * divergence(plan, np.full((n, m), 1 / n / m)) + eta * norms


@pytest.mark.parametrize(("reg", "eta"), [(0.1, 0.1), (0.02, 1.0), (1.0, 5.0)])
def test_l1l2_is_optimal(reg, eta):
    xs, ys, xt, _ = make(40, 33, 4)
    cost = squared_cost(xs, xt, normalise="max")
    found = l1l2_transport(cost, ys, reg, eta, tolerance=1e-12)
    plan, matrix = found.plan.dense(), cost.dense()
    assert found.converged
    assert (np.diff(found.values) <= 1e-12).all()
    np.testing.assert_allclose(plan.sum(1), 1 / 40, rtol=1e-5)
    np.testing.assert_allclose(plan.sum(0), 1 / 33, rtol=1e-5)
    assert found.values[-1] == pytest.approx(l1l2_value(plan, matrix, ys, reg, eta), abs=1e-6)
    # Stationary: gradient = f_i + g_j wherever there is mass, and there is everywhere.
    gradient = matrix + reg * np.log(np.maximum(plan, 1e-300) * 40 * 33)
    for c in range(3):
        norm = np.sqrt((plan[ys == c] ** 2).sum(0))
        gradient[ys == c] += eta * plan[ys == c] / norm
    free = gradient - gradient.mean(1, keepdims=True)
    free -= free.mean(0, keepdims=True)
    heavy = plan > 1e-3 * plan.max()
    assert np.abs(free[heavy]).max() < 2e-3 * (reg + eta)
    theirs = ot.da.SinkhornL1l2Transport(reg_e=reg, reg_cl=eta, norm="max").fit(Xs=xs, ys=ys, Xt=xt)
    # POT's line search leaves the entropy out, so it ends above the optimum of what it states.
    assert l1l2_value(plan, matrix, ys, reg, eta) <= 1e-9 + l1l2_value(
        theirs.coupling_, matrix, ys, reg, eta
    )


@pytest.mark.parametrize("change", ["none", "times 1000", "float32", "constant"])
def test_lpl1_is_that_of_pot(change):
    xs, ys, xt, _ = make(45, 30, 5)
    if change == "times 1000":
        xs, xt = xs * 1000, xt * 1000
    elif change == "float32":
        xs, xt = xs.astype(np.float32), xt.astype(np.float32)
    elif change == "constant":
        xs[:, 1] = xt[:, 1] = 4.0
    cost = squared_cost(xs, xt, normalise="max")
    theirs = ot.da.SinkhornLpl1Transport(
        reg_e=0.1, reg_cl=0.05, norm="max", max_inner_iter=5000, tol=1e-12
    ).fit(Xs=xs.astype(float), ys=ys, Xt=xt.astype(float))
    found = lpl1_transport(cost, ys, 0.1, 0.05, tolerance=0)
    peak = theirs.coupling_.max()
    np.testing.assert_allclose(found.plan.dense(), theirs.coupling_, atol=1e-5 * peak)
    assert (np.diff(found.values) <= 1e-9).all()


def test_class_penalty_separates_classes():
    xs, ys, xt, _ = make(60, 50, 3, seed=5)
    cost = squared_cost(xs, xt, normalise="max")

    def mixing(plan):
        shares = np.stack([plan[ys == c].sum(0) for c in range(3)]) * 50
        return float((1 - shares.max(0)).mean())

    plain = mixing(sinkhorn(cost, 0.05).dense())
    assert mixing(l1l2_transport(cost, ys, 0.05, 3.0).plan.dense()) < 0.8 * plain
    assert mixing(lpl1_transport(cost, ys, 0.05, 0.3).plan.dense()) < 0.5 * plain
    none = l1l2_transport(cost, ys, 0.05, 0.0)
    np.testing.assert_allclose(none.plan.dense(), sinkhorn(cost, 0.05).dense(), atol=1e-7)
    some = lpl1_transport(
        cost, ys, 0.05, 0.3, labeled_mask=ys == 0
    )  # labels elsewhere are not read
    other = lpl1_transport(cost, np.where(ys == 0, 0, 9), 0.05, 0.3, labeled_mask=ys == 0)
    np.testing.assert_array_equal(some.plan.dense(), other.plan.dense())


def test_class_regularised_in_float32():
    xs, ys, xt, _ = make(600, 500, 8)
    cost = squared_cost(xs, xt, normalise="max")
    found = l1l2_transport(cost, ys, 0.05, 0.5)
    wide = squared_cost(xs, xt, normalise="max", precision="float64")
    again = l1l2_transport(wide, ys, 0.05, 0.5)
    assert str(found.plan.kernel.dtype) == "torch.float32"
    peak = again.plan.dense().max()
    np.testing.assert_allclose(found.plan.dense(), again.plan.dense(), atol=1e-3 * peak)
    assert found.values[-1] == pytest.approx(again.values[-1], abs=1e-6)


@pytest.mark.parametrize("reg", [1.0, 0.05])
@pytest.mark.parametrize("price", [0.1, 1.0, 20.0, (0.5, 3.0), (np.inf, 0.5)])
def test_unbalanced_is_that_of_pot(reg, price):
    xs, _, xt, _ = make(30, 24, 4)
    cost = squared_cost(xs, xt, normalise="max")
    found = unbalanced_sinkhorn(cost, reg, price, tolerance=1e-11)
    a, b = np.full(30, 1 / 30), np.full(24, 1 / 24)
    theirs = ot.unbalanced.sinkhorn_unbalanced(
        a, b, cost.dense(), reg, price, numItermax=100_000, stopThr=1e-14
    )
    assert found.converged
    np.testing.assert_allclose(found.dense(), theirs, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(found.marginals()[0], theirs.sum(1), rtol=1e-6)


def test_unbalanced_small_reg_and_large_price_is_optimal_and_quick():
    xs, _, xt, _ = make(50, 40, 4)
    cost = squared_cost(xs, xt, normalise="max")
    reg, price = 0.005, 50.0
    found = unbalanced_sinkhorn(cost, reg, price, tolerance=1e-9, max_iter=20_000)
    assert found.converged
    plan = found.dense()
    # First-order conditions: f = −ρ log(P1 / a), g = −ρ log(Pᵀ1 / b).
    f, g = -price * np.log(plan.sum(1) * 50), -price * np.log(plan.sum(0) * 40)
    np.testing.assert_allclose(found.source_potential, f, atol=1e-5)
    np.testing.assert_allclose(found.target_potential, g, atol=1e-5)
    balanced = unbalanced_sinkhorn(cost, 0.1, np.inf, tolerance=1e-9)
    np.testing.assert_allclose(balanced.dense(), sinkhorn(cost, 0.1).dense(), atol=1e-6 / 40)


def test_unbalanced_leaves_out_a_class_that_is_missing():
    rng = np.random.default_rng(6)
    xt = rng.normal(size=(40, 3))
    xs = np.concatenate([rng.normal(size=(30, 3)), rng.normal(size=(30, 3)) + 20])
    plan = unbalanced_sinkhorn(squared_cost(xs, xt, normalise="max"), 0.01, 0.05).dense()
    rows = plan.sum(1)
    assert rows[30:].sum() < 1e-4 * rows[:30].sum()


def laplacian_value(plan, matrix, xs, xt, eta, alpha):
    left = neighbour_laplacian(xs, 3).toarray()
    right = neighbour_laplacian(xt, 3).toarray()
    return (
        (plan * matrix).sum()
        + eta * alpha * np.trace(xt.T @ plan.T @ left @ plan @ xt)
        + eta * (1 - alpha) * np.trace(xs.T @ plan @ right @ plan.T @ xs)
    )


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_laplacian_against_pot(alpha):
    xs, _, xt, _ = make(30, 26, 3)
    cost = squared_cost(xs, xt)
    found = laplacian_transport(cost, xs, xt, 20.0, source_share=alpha, max_iter=300)
    plan = found.plan.dense()
    np.testing.assert_allclose(plan.sum(1), 1 / 30, rtol=1e-9)
    np.testing.assert_allclose(plan.sum(0), 1 / 26, rtol=1e-9)
    value = laplacian_value(plan, cost.dense(), xs, xt, 20.0, alpha)
    assert found.values[-1] == pytest.approx(value, rel=1e-9)
    assert (np.diff(found.values) <= 1e-12).all()
    theirs = ot.da.EMDLaplaceTransport(reg_lap=20.0, reg_src=alpha, max_iter=300).fit(Xs=xs, Xt=xt)
    other = laplacian_value(theirs.coupling_, cost.dense(), xs, xt, 20.0, alpha)
    assert value <= other * (1 + 1e-3)
    assert value >= other - found.gap - 1e-2 * other
    start = laplacian_value(exact_transport(cost).plan.dense(), cost.dense(), xs, xt, 20.0, alpha)
    assert value < start


def test_laplacian_without_strength_is_exact_and_one_row_works():
    xs, _, xt, _ = make(20, 20, 3)
    cost = squared_cost(xs, xt)
    found = laplacian_transport(cost, xs, xt, 0.0)
    np.testing.assert_array_equal(found.plan.dense(), exact_transport(cost).plan.dense())
    one = laplacian_transport(squared_cost(xs, xt[:1]), xs, xt[:1])
    np.testing.assert_allclose(one.plan.dense(), 1 / 20)


@pytest.mark.parametrize("reg", [None, 0.05])
def test_joint_objective_falls_and_is_what_it_says(reg):
    xs, ys, xt, yt = make(60, 45, 4)
    y = one_vs_rest(ys, 3)
    found = joint_transport(xs, y, xt, alphas=[0.1], reg=reg, tolerance=1e-10)
    assert found.converged
    assert (np.diff(found.values) <= 1e-6).all()
    plan = found.plan.dense()
    outputs = xt @ found.weight.T + found.bias
    cost = squared_cost(xs, xt, normalise="max").dense()
    loss = ((y[:, None, :] - outputs[None, :, :]) ** 2).sum(2)
    value = (plan * (cost + loss)).sum() + 0.1 * (found.weight**2).sum()
    if reg:
        value += reg * divergence(plan, np.full(plan.shape, 1 / plan.size))
    assert found.values[-1] == pytest.approx(value, rel=1e-5)
    # The predictor is the best for its plan, by a general solver.
    images = (plan.T @ y) * 45

    def misfit(flat):
        weight, bias = flat[:12].reshape(3, 4), flat[12:]
        return ((images - xt @ weight.T - bias) ** 2).sum() / 45 + 0.1 * (weight**2).sum()

    best = minimize(misfit, np.zeros(15), tol=1e-10)
    assert misfit(np.concatenate([found.weight.ravel(), found.bias])) <= best.fun + 1e-6
    assert (outputs.argmax(1) == yt).mean() > 0.8


def test_joint_chooses_a_strength_and_takes_weights():
    xs, ys, xt, _ = make(50, 40, 30)
    y = one_vs_rest(ys, 3)
    found = joint_transport(xs, y, xt, alphas=[1e-3, 1e-1, 10.0])
    assert found.strength in (pytest.approx(1e-3), pytest.approx(1e-1), pytest.approx(10.0))
    times = np.random.default_rng(7).integers(1, 3, 40)
    weighted = joint_transport(xs, y, xt, alphas=[0.1], target_weights=times, max_iter=1)
    repeated = joint_transport(xs, y, np.repeat(xt, times, 0), alphas=[0.1], max_iter=1)
    np.testing.assert_allclose(weighted.weight, repeated.weight, atol=1e-6)
    assert weighted.values[0] == pytest.approx(repeated.values[0])


def test_says_what_is_wrong():
    xs, ys, xt, _ = make(6, 5, 2)
    cost = squared_cost(xs, xt)
    with pytest.raises(ValueError, match="class_reg"):
        l1l2_transport(cost, ys, 1.0, -1.0)
    with pytest.raises(ValueError, match="labels for 6"):
        lpl1_transport(cost, ys[:3], 1.0, 1.0)
    with pytest.raises(ValueError, match="marginal_reg must be positive"):
        unbalanced_sinkhorn(cost, 1.0, 0.0)
    with pytest.raises(ValueError, match="source_share"):
        laplacian_transport(cost, xs, xt, source_share=2.0)
    with pytest.raises(ValueError, match="ys has shape"):
        joint_transport(xs, ys, xt)
