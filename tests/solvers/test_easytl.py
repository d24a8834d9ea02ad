"""Intra-domain programming against a linear-programming solver and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from landbridge.solvers.nearest.easytl import assign_classes, class_means


def brute_force(costs):
    m, c = costs.shape
    best = np.inf
    for classes in itertools.product(range(c), repeat=m):
        if len(set(classes)) == c:
            best = min(best, costs[np.arange(m), classes].sum())
    return best


def by_highs(costs):
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, kron

    m, c = costs.shape
    rows = csr_array(kron(np.eye(m), np.ones((1, c))))
    columns = csr_array(kron(np.ones((1, m)), np.eye(c)))
    found = linprog(
        costs.ravel(), A_ub=-columns, b_ub=-np.ones(c), A_eq=rows, b_eq=np.ones(m), bounds=(0, 1)
    )
    return found.fun


@pytest.mark.parametrize("seed", range(12))
def test_objective_is_the_minimum(seed):
    rng = np.random.default_rng(seed)
    costs = rng.uniform(size=(6, 4)) + np.array([0, 0.2, 0.7, 2.0]) * (seed % 3)
    found = assign_classes(costs)
    assert abs(found.objective - brute_force(costs)) < 1e-12
    assert abs(found.objective - by_highs(costs)) < 1e-7
    assert set(found.classes) == {0, 1, 2, 3}


@pytest.mark.parametrize("seed", range(6))
def test_prices_give_the_assignment(seed):
    rng = np.random.default_rng(seed)
    costs = rng.uniform(size=(300, 9)) + np.r_[np.zeros(4), np.full(5, 0.6 + 0.1 * seed)]
    found = assign_classes(costs)
    assert found.moved > 0
    assert abs(found.objective - by_highs(costs)) < 1e-7
    priced = costs - found.prices
    chosen = priced[np.arange(300), found.classes]
    np.testing.assert_allclose(chosen, priced.min(1), atol=1e-10)  # each row at its best price
    # Weak duality with equality: the prices prove that nothing is cheaper.
    assert abs(priced.min(1).sum() + found.prices.sum() - found.objective) < 1e-9
    assert (found.prices >= 0).all()


def test_covered_classes_cost_nothing():
    costs = np.array([[0.0, 1.0], [3.0, 1.0], [5.0, 9.0]])
    found = assign_classes(costs)
    assert found.classes.tolist() == [0, 1, 0]
    assert found.moved == 0
    assert found.prices.tolist() == [0, 0]


def test_fewer_rows_than_classes_and_a_class_without_a_mean():
    assert assign_classes(np.array([[2.0, 1.0, 3.0]])).classes.tolist() == [1]
    costs = np.array([[0.0, np.inf, 1.0], [0.0, np.inf, 3.0]])
    assert assign_classes(costs).classes.tolist() == [2, 0]
    with pytest.raises(ValueError, match="NaN"):
        assign_classes(np.array([[np.nan, 1.0]]))
    with pytest.raises(ValueError, match="shape"):
        assign_classes(np.zeros((0, 2)))


def test_class_means():
    x, labels = np.arange(8.0).reshape(4, 2), np.array([2, 0, 2, 0])
    found = class_means(x, labels, 3)
    np.testing.assert_allclose(found[[0, 2]], [[4, 5], [2, 3]])
    assert np.isnan(found[1]).all()
