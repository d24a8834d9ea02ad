"""Rows mapped by a plan: images, new rows, labels, mini-batches."""

from __future__ import annotations

import numpy as np
import ot
import pytest

from landbridge.solvers.transport.barycentric import displaced, entropic_map, nearest_rows
from landbridge.solvers.transport.cost import squared_cost
from landbridge.solvers.transport.exact import exact_transport
from landbridge.solvers.transport.label_propagation import propagated_labels
from landbridge.solvers.transport.minibatch import minibatch_images
from landbridge.solvers.transport.sinkhorn import sinkhorn


def make(n: int, m: int, k: int, d: int):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)), 0.7 * rng.normal(size=(m, d)) + 1, rng.normal(size=(k, d))


@pytest.mark.parametrize("change", ["none", "float32", "times 1000", "constant", "offset"])
def test_new_rows_as_pot(change):
    xs, xt, new = make(50, 40, 300, 6)
    rows = [xs, xt, new]
    if change == "float32":
        rows = [x.astype(np.float32) for x in rows]
    elif change == "times 1000":
        rows = [x * 1000 for x in rows]
    elif change == "offset":
        rows = [x + 1e4 for x in rows]
    elif change == "constant":
        for x in rows:
            x[:, 2] = 3.0
    xs, xt, new = rows
    theirs = ot.da.EMDTransport().fit(Xs=xs.astype(float), Xt=xt.astype(float))
    plan = exact_transport(squared_cost(xs, xt)).plan
    images = plan.source_images(xt)
    moved = displaced(new, xs, images)
    assert moved.dtype == new.dtype
    scale = 1e-5 if change == "float32" else 1e-9
    expected = theirs.transform(Xs=new.astype(float))
    np.testing.assert_allclose(moved, expected, atol=scale * np.abs(expected).max())
    np.testing.assert_allclose(displaced(xs, xs, images), images, atol=scale * np.abs(xt).max())
    entropic = ot.da.SinkhornTransport(reg_e=0.1, norm="max", tol=1e-12)
    entropic.fit(Xs=xs.astype(float), Xt=xt.astype(float))
    cost = squared_cost(xs, xt, normalise="max")
    found = sinkhorn(cost, 0.1, tolerance=1e-10)
    mapped = entropic_map(new, xt, found.target_potential, 0.1, normaliser=cost.normaliser)
    assert mapped.dtype == new.dtype
    expected = entropic.transform(Xs=new.astype(float))
    np.testing.assert_allclose(mapped, expected, atol=1e-5 * np.abs(expected).max())
    again = entropic_map(xs, xt, found.target_potential, 0.1, normaliser=cost.normaliser)
    np.testing.assert_allclose(again, found.source_images(xt), atol=1e-5 * np.abs(xt).max())


def test_nearest_rows_where_float32_is_too_short():
    rng = np.random.default_rng(1)
    among = rng.normal(size=(500, 20))
    among[250:] = among[:250] + 1e-9 * rng.normal(size=(250, 20))  # twins
    x = among[rng.integers(0, 500, 400)] + 1e-9 * rng.normal(size=(400, 20))
    brute = ((x[:, None] - among[None]) ** 2).sum(2).argmin(1)
    np.testing.assert_array_equal(nearest_rows(x, among), brute)
    same = np.ones((5, 3))
    assert nearest_rows(same, same).tolist() == [0] * 5
    assert nearest_rows(x[:3], among[:1]).tolist() == [0, 0, 0]


def test_entropic_map_with_weights():
    xs, xt, _ = make(30, 20, 10, 3)
    b = np.random.default_rng(2).uniform(size=20)
    b[3] = 0
    b /= b.sum()
    found = sinkhorn(squared_cost(xs, xt), 0.5, target_weights=b, tolerance=1e-10)
    mapped = entropic_map(xs, xt, found.target_potential, 0.5, target_weights=b)
    np.testing.assert_allclose(mapped, found.source_images(xt), atol=1e-8)


def test_labels_as_pot():
    xs, xt, _ = make(50, 40, 1, 4)
    labels = np.random.default_rng(3).integers(0, 3, 50)
    theirs = ot.da.SinkhornTransport(reg_e=0.1, norm="max", tol=1e-12).fit(Xs=xs, Xt=xt)
    cost = squared_cost(xs, xt, normalise="max")
    found = propagated_labels(sinkhorn(cost, 0.1, tolerance=1e-10), labels, 3)
    np.testing.assert_allclose(found, theirs.transform_labels(labels), atol=1e-6)
    exact = ot.da.EMDTransport().fit(Xs=xs, Xt=xt)
    found = propagated_labels(exact_transport(cost).plan, labels, 4)
    np.testing.assert_allclose(found[:, :3], exact.transform_labels(labels), atol=1e-9)
    assert not found[:, 3].any()
    known = labels != 1
    some = propagated_labels(exact_transport(cost).plan, labels, 3, known)
    np.testing.assert_allclose(some.sum(1), 1)
    silent = exact.coupling_[known].sum(0) == 0
    np.testing.assert_allclose(some[silent], 1 / 3)
    assert not some[~silent, 1].any()


@pytest.mark.parametrize("reg", [None, 0.1])
@pytest.mark.parametrize("sizes", [(100, 80), (100, 250), (100, 3)])
def test_minibatches(reg, sizes):
    n, m = sizes
    rng = np.random.default_rng(4)
    xs = rng.normal(size=(n, 2)).astype(np.float32)
    xt = (xs[rng.integers(0, n, m)] * 2 + 5).astype(np.float32)

    def solve(rows, cols):
        cost = squared_cost(xs[rows], xt[cols], normalise="max")
        return exact_transport(cost).plan if reg is None else sinkhorn(cost, reg)

    def images(batch_size, rounds):
        rng = np.random.default_rng(0)
        return minibatch_images(n, xt, solve, rng, batch_size=batch_size, rounds=rounds)

    whole, mass = images(1000, 1)
    expected = solve(np.arange(n), np.arange(m)).source_images(xt)
    np.testing.assert_allclose(whole, expected, atol=1e-4)
    np.testing.assert_allclose(mass, 1, atol=1e-5)
    parts = [images(30, 20)[0] for _ in range(2)]
    np.testing.assert_array_equal(*parts)
    assert parts[0].dtype == np.float32
    np.testing.assert_allclose(parts[0].mean(0), xt.mean(0), atol=0.6)
    assert np.corrcoef(parts[0][:, 0], xs[:, 0])[0, 1] > 0.9 or m == 3
