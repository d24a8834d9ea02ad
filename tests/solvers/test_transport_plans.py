"""Exact and entropic plans: against POT, closed forms, and what a plan must satisfy."""

from __future__ import annotations

import numpy as np
import ot
import pytest

from landbridge.solvers.transport.cost import GroundLabels, given_cost, squared_cost
from landbridge.solvers.transport.exact import exact_transport
from landbridge.solvers.transport.sinkhorn import sinkhorn


def make(n: int, m: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    basis = rng.normal(size=(d, d)) / np.sqrt(d)
    return rng.normal(size=(n, d)) @ basis, rng.normal(size=(m, d)) @ basis * 0.8 + 0.5


def changed(x: np.ndarray, how: str) -> np.ndarray:
    if how == "constant":
        x = x.copy()
        x[:, ::3] = 7.0
    return {"float32": x.astype(np.float32), "times 1000": x * 1000, "offset": x + 1e4}.get(how, x)


CHANGES = ["none", "float32", "times 1000", "constant", "offset"]


@pytest.mark.parametrize("normalise", [None, "max", "median"])
@pytest.mark.parametrize("change", CHANGES)
def test_cost_is_that_of_pot(normalise, change):
    xs, xt = (changed(x, change) for x in make(40, 31, 5))
    theirs = ot.dist(xs.astype(np.float64), xt.astype(np.float64))
    theirs = ot.utils.cost_normalization(theirs, normalise)
    before = xs.copy(), xt.copy()
    found = squared_cost(xs, xt, normalise=normalise)
    np.testing.assert_allclose(found.dense(), theirs, rtol=1e-6, atol=1e-8 * theirs.max())
    short = squared_cost(xs, xt, normalise=normalise, precision="float32")
    np.testing.assert_allclose(short.dense(), theirs, rtol=1e-5, atol=1e-6 * theirs.max())
    assert np.array_equal(before[0], xs)
    assert np.array_equal(before[1], xt)


@pytest.mark.parametrize("shape", [(30, 30, 4), (20, 45, 3), (25, 9, 60), (5, 1, 2), (1, 6, 2)])
@pytest.mark.parametrize("weighted", [False, True])
def test_exact_plan_is_that_of_pot(shape, weighted):
    n, m, _ = shape
    xs, xt = make(*shape)
    rng = np.random.default_rng(1)
    a = rng.uniform(size=n) if weighted else np.ones(n)
    b = rng.uniform(size=m) if weighted else np.ones(m)
    a, b = a / a.sum(), b / b.sum()
    found = exact_transport(squared_cost(xs, xt), source_weights=a, target_weights=b)
    theirs = ot.emd(a, b, ot.dist(xs, xt))
    np.testing.assert_allclose(found.plan.dense(), theirs, atol=1e-9)
    np.testing.assert_allclose(found.value, (theirs * ot.dist(xs, xt)).sum(), rtol=1e-9)
    np.testing.assert_allclose(found.plan.marginals()[0], a, atol=1e-12)
    np.testing.assert_allclose(found.plan.marginals()[1], b, atol=1e-12)
    assert found.plan.matrix.nnz <= n + m - 1
    slack = ot.dist(xs, xt) - found.source_potential[:, None] - found.target_potential
    assert slack.min() > -1e-9


def test_exact_plan_sorts_in_one_dimension():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=50), rng.gamma(2, size=50)
    plan = exact_transport(squared_cost(x[:, None], y[:, None])).plan
    images = plan.source_images(y[:, None])[:, 0]
    np.testing.assert_allclose(images[np.argsort(x)], np.sort(y), rtol=1e-12)
    value = ((np.sort(x) - np.sort(y)) ** 2).mean()
    np.testing.assert_allclose(
        exact_transport(squared_cost(x[:, None], y[:, None])).value, value, rtol=1e-9
    )


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("shape", "reg", "normalise"),
    [
        ((60, 47, 6), 1.0, None),
        ((60, 47, 6), 0.1, "max"),
        ((40, 70, 90), 0.02, "max"),
        ((33, 33, 4), 0.1, "median"),
        ((9, 1, 3), 0.1, "max"),
    ],
)
def test_sinkhorn_is_that_of_pot(shape, reg, normalise, change):
    xs, xt = (changed(x, change) for x in make(*shape))
    if normalise is None and change == "times 1000":
        reg = reg * 1e6
    wide = xs.astype(np.float64), xt.astype(np.float64)
    found = sinkhorn(squared_cost(xs, xt, normalise=normalise), reg, tolerance=1e-9)
    theirs = ot.da.SinkhornTransport(reg_e=reg, norm=normalise, tol=1e-12, max_iter=20_000)
    theirs.fit(Xs=wide[0], Xt=wide[1])
    assert found.converged
    plan = found.dense()
    np.testing.assert_allclose(plan, theirs.coupling_, atol=1e-6 * theirs.coupling_.max())
    images = found.source_images(xt)
    assert images.dtype == xt.dtype
    expected = theirs.transform(Xs=wide[0])
    tolerance = 1e-5 if change == "float32" else 1e-6
    np.testing.assert_allclose(images, expected, atol=tolerance * np.abs(expected).max())
    np.testing.assert_allclose(found.marginals()[0], plan.sum(1), atol=1e-12)
    np.testing.assert_allclose(plan.sum(1), 1 / len(xs), rtol=1e-6)
    np.testing.assert_allclose(plan.sum(0), 1 / len(xt), rtol=1e-6)


def test_float32_kernel_is_that_of_pot():
    xs, xt = make(700, 600, 40)
    theirs = ot.da.SinkhornTransport(reg_e=0.02, norm="max", tol=1e-10).fit(Xs=xs, Xt=xt)
    found = sinkhorn(squared_cost(xs, xt, normalise="max"), 0.02, tolerance=1e-7)
    assert str(found.kernel.dtype) == "torch.float32"
    assert found.converged
    peak = theirs.coupling_.max()
    np.testing.assert_allclose(found.dense(), theirs.coupling_, atol=1e-5 * peak)
    np.testing.assert_allclose(found.source_images(xt), theirs.transform(Xs=xs), atol=1e-4)
    np.testing.assert_allclose(found.target_images(xs), theirs.inverse_transform(Xt=xt), atol=1e-4)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("reg", [0.3, 0.003, 0.0006])
def test_small_regularisation_against_the_log_domain(precision, reg):
    from scipy.special import logsumexp

    xs, xt = make(550, 520, 6)
    cost = squared_cost(xs, xt, normalise="max", precision=precision)
    # 60 plain iterations: the same iterate, whatever the distance to the optimum. (Ours starts
    # from other potentials, so theirs is started from ours.)
    first = sinkhorn(cost, reg, max_iter=1, relaxation=False)
    f, g = first.source_potential / reg, first.target_potential / reg
    scaled = -cost.refined().dense() / reg
    for _ in range(60):
        g = -logsumexp(scaled + f[:, None] - np.log(len(xs)), axis=0)
        f = -logsumexp(scaled + g[None, :] - np.log(len(xt)), axis=1)
    found = sinkhorn(cost, reg, max_iter=61, relaxation=False, tolerance=1e-12)
    expected = np.exp(scaled + f[:, None] + g) / (len(xs) * len(xt))
    plan = found.dense()
    np.testing.assert_allclose(plan.sum(1), 1 / len(xs), rtol=2e-6)
    np.testing.assert_allclose(plan, expected, atol=5e-5 * expected.max())
    np.testing.assert_allclose(
        found.source_potential + found.target_potential.mean(), reg * (f + g.mean()), atol=1e-5
    )


@pytest.mark.parametrize("reg", [0.1, 0.003])
def test_a_cost_that_is_used_up_gives_the_same_plan(reg):
    xs, xt = make(550, 520, 6)
    kept = squared_cost(xs, xt, normalise="max")
    first = sinkhorn(kept, reg, max_iter=30)
    second = sinkhorn(kept, reg, max_iter=30)
    used = sinkhorn(squared_cost(xs, xt, normalise="max"), reg, max_iter=30, consume=True)
    np.testing.assert_array_equal(first.dense(), second.dense())
    np.testing.assert_array_equal(first.dense(), used.dense())


def test_tiny_regularisation_gives_the_exact_plan():
    xs, xt = make(40, 40, 3)
    cost = squared_cost(xs, xt, normalise="max")
    found = sinkhorn(cost, 2e-5, max_iter=3000)
    exact = exact_transport(cost)
    np.testing.assert_allclose(found.dense(), exact.plan.dense(), atol=1e-3 / 40)


def test_relaxation_gives_the_same_plan_in_fewer_iterations():
    xs, xt = make(80, 80, 3)
    cost = squared_cost(xs, xt, normalise="max")
    plain = sinkhorn(cost, 0.01, relaxation=False, tolerance=1e-10, max_iter=5000)
    fast = sinkhorn(cost, 0.01, tolerance=1e-10)
    assert plain.converged
    assert fast.converged
    assert fast.iterations < 0.6 * plain.iterations
    np.testing.assert_allclose(fast.dense(), plain.dense(), atol=1e-6 * plain.dense().max())


def test_gaussians_give_the_linear_monge_map():
    # N(0, S) -> N(0, T) on a line: the entropic map is linear with slope
    # (√(S T + (reg/4)²) − reg/4) / S for the cost |x − y|² and KL against the product.
    n, s, t, reg = 1200, 1.0, 4.0, 0.5
    from scipy.stats import norm

    grid = norm.ppf((np.arange(n) + 0.5) / n)[:, None]
    xs, xt = grid * np.sqrt(s), grid * np.sqrt(t)
    found = sinkhorn(squared_cost(xs, xt), reg)
    slope = (np.sqrt(s * t + (reg / 4) ** 2) - reg / 4) / s
    inner = np.abs(grid[:, 0]) < 1.5
    ratio = found.source_images(xt)[inner] / xs[inner]
    np.testing.assert_allclose(ratio, slope, rtol=5e-3)


def test_weights_and_rows_of_weight_zero():
    xs, xt = make(30, 25, 4)
    rng = np.random.default_rng(3)
    a, b = rng.uniform(size=30), rng.uniform(size=25)
    a[:4], b[5] = 0, 0
    cost = squared_cost(xs, xt, normalise="max")
    found = sinkhorn(cost, 0.05, source_weights=3 * a, target_weights=b, tolerance=1e-10)
    part = sinkhorn(
        squared_cost(xs[4:], np.delete(xt, 5, 0), normalise=None),
        0.05 * cost.normaliser,
        source_weights=a[4:],
        target_weights=np.delete(b, 5),
        tolerance=1e-10,
    )
    plan = found.dense()
    assert not plan[:4].any()
    assert not plan[:, 5].any()
    np.testing.assert_allclose(np.delete(plan[4:], 5, 1), part.dense(), atol=1e-9)
    exact = exact_transport(cost, source_weights=a, target_weights=b).plan
    np.testing.assert_allclose(exact.marginals()[0], a / a.sum(), atol=1e-12)
    assert not exact.source_images(xt)[:4].any()


def known(ys, yt, ks=None, kt=None, **more):
    ks = np.ones(len(ys), dtype=bool) if ks is None else ks
    kt = np.ones(len(yt), dtype=bool) if kt is None else kt
    return GroundLabels(ys, ks, yt, kt, **more)


def test_known_target_labels_as_pot():
    xs, xt = make(40, 30, 4)
    rng = np.random.default_rng(4)
    ys, yt = rng.integers(0, 3, 40), rng.integers(0, 3, 30)
    kt = rng.uniform(size=30) < 0.4
    labels = known(ys, yt, kt=kt)
    theirs = ot.da.EMDTransport(limit_max=10).fit(Xs=xs, ys=ys, Xt=xt, yt=np.where(kt, yt, -1))
    cost = squared_cost(xs, xt, labels=labels)
    np.testing.assert_allclose(cost.dense(), theirs.cost_, rtol=1e-9, atol=1e-9)
    plan = exact_transport(cost).plan.dense()
    np.testing.assert_allclose(plan, theirs.coupling_, atol=1e-10)
    differ = (ys[:, None] != yt[None, :]) & kt[None, :]
    assert not plan[differ].any()
    soft = sinkhorn(cost, 0.5)
    assert soft.dense()[differ].sum() < 1e-6


def test_a_class_that_the_source_does_not_have_keeps_its_costs():
    xs, xt = make(10, 8, 3)
    ys, yt = np.repeat([0, 1], 5), np.array([0, 0, 1, 1, 2, 2, 2, 0])
    plain = squared_cost(xs, xt).dense()
    cost = squared_cost(xs, xt, labels=known(ys, yt)).dense()
    np.testing.assert_allclose(cost[:, 4:7], plain[:, 4:7], atol=1e-12)
    assert (cost[:5, 2:4] >= 10 * plain.max() * (1 - 1e-12)).all()
    some = known(ys, yt, ks=ys == 0)  # a row of unknown class might be of class 2
    cost = squared_cost(xs, xt, labels=some).dense()
    assert (cost[:5, 4:7] >= 10 * plain.max() * (1 - 1e-12)).all()
    np.testing.assert_allclose(cost[5:], plain[5:], atol=1e-12)


def test_says_what_is_wrong():
    xs, xt = make(5, 4, 3)
    with pytest.raises(ValueError, match="reg must be positive"):
        sinkhorn(squared_cost(xs, xt), 0.0)
    with pytest.raises(ValueError, match="source weights must be 5"):
        sinkhorn(squared_cost(xs, xt), 1.0, source_weights=-np.ones(5))
    with pytest.raises(ValueError, match="expected \\(n, d\\) and \\(m, d\\)"):
        squared_cost(xs, xt[:, :2])
    with pytest.raises(ValueError, match="target rows hold values that are not finite"):
        squared_cost(xs, np.where(xt > 0, np.nan, xt))
    with pytest.raises(ValueError, match="0 target rows"):
        squared_cost(xs, xt[:0])
    with pytest.raises(ValueError, match="not finite"):
        given_cost(np.array([[np.inf, 1.0]]))
    with pytest.raises(ValueError, match="no optimal plan"):
        exact_transport(squared_cost(*make(60, 60, 3)), max_iter=3)


def test_identical_rows_stay():
    xs, _ = make(50, 50, 5)
    found = exact_transport(squared_cost(xs, xs))
    np.testing.assert_allclose(found.plan.source_images(xs), xs, rtol=1e-12)
    one = np.ones((7, 3))
    assert np.isfinite(sinkhorn(squared_cost(one, one, normalise="max"), 0.1).dense()).all()
