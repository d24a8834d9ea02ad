"""Intra-domain programming (EasyTL): classes for target rows from distances to class means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Programmed:
    """The solution of the assignment program.

    Attributes
    ----------
    classes : ndarray of int64, shape (m,)
        The class of each row.
    objective : float
        Sum of the costs of the rows at their classes.
    prices : ndarray, shape (c,)
        What having a row is worth to a class: 0 for one that has a row by itself. A row's class
        is one of least cost − price, and so is a new row's.
    moved : int
        How many rows were taken from their cheapest class, so that no class goes without.
    """

    classes: np.ndarray
    objective: float
    prices: np.ndarray
    moved: int


def assign_classes(costs: np.ndarray) -> Programmed:
    """Give each row one class at least total cost, so that every class has a row.

    The linear program of EasyTL (Wang, Chen, Yu, Huang & Yang, 2019, ICME):

        min Σ D_jc M_jc   with  Σ_c M_jc = 1,  Σ_j M_jc ≥ 1,  0 ≤ M ≤ 1.

    Its matrix is totally unimodular, so a solution with whole numbers exists: one row is reserved
    for each class, as a matching of least extra cost D_jc − min D_j, and every other row takes
    its cheapest class. Where the cheapest classes cover all classes that is all there is to do.

    Parameters
    ----------
    costs : ndarray, shape (m, c)
        D: such as distances of rows to class means. A column of infinities is a class without
        a mean: nothing is assigned to it.

    Returns
    -------
    Programmed
        With fewer rows than classes no assignment covers all classes; each row takes its
        cheapest then.

    Raises
    ------
    ValueError
        Where a cost is NaN, or a row has no finite one.

    Examples
    --------
    >>> found = assign_classes(np.array([[0.0, 5.0], [1.0, 4.0]]))
    >>> found.classes.tolist(), found.objective, found.moved
    ([0, 1], 4.0, 1)
    """
    costs = np.asarray(costs, dtype=np.float64)
    if costs.ndim != 2 or not costs.size:
        raise ValueError(f"costs have shape {costs.shape}, expected (m, c), neither of them 0")
    if np.isnan(costs).any() or not np.isfinite(costs.min(1)).all():
        raise ValueError("a cost is NaN, or a row has no finite cost")
    rows = np.arange(len(costs))
    open_classes = np.flatnonzero(np.isfinite(costs).all(0))
    cheapest = costs.argmin(1)
    least = costs[rows, cheapest]
    prices = np.zeros(costs.shape[1])
    classes = cheapest.copy()
    covered = np.isin(open_classes, cheapest).all()
    if not covered and len(costs) >= len(open_classes):
        extra = costs[:, open_classes] - least[:, None]
        reserved, prices[open_classes] = _reserve(extra)
        classes[reserved] = open_classes
    moved = int((classes != cheapest).sum())
    return Programmed(classes.astype(np.int64), float(costs[rows, classes].sum()), prices, moved)


def _reserve(extra: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the row reserved for each class, at least total extra cost, and the classes' prices.

    Only the c cheapest rows of each class can be in a best matching, so it is small.
    """
    from scipy.optimize import linear_sum_assignment

    m, c = extra.shape
    near = np.unique(np.argpartition(extra, min(c, m - 1), axis=0)[: c + 1])
    few = extra[near]
    at, of = linear_sum_assignment(few)
    reserved = np.empty(c, dtype=np.int64)
    reserved[of] = at
    return near[reserved], _prices(few, reserved)


def _prices(extra: np.ndarray, reserved: np.ndarray) -> np.ndarray:
    """Return the least prices v ≥ 0 with which every reserved row would choose its class.

    extra[j, c] − v_c ≤ extra[j, c'] − v_c' for the row j reserved for c, and all c': differences
    of prices, so Bellman-Ford's longest paths. An optimal matching has no positive cycle. A row
    whose cheapest class is its own asks for nothing.
    """
    own = extra[reserved]  # (class, class)
    needed = own.diagonal()[:, None] - own  # v_c − v_c' ≥ this
    prices = np.maximum(needed.max(1), 0)
    for _ in range(len(prices)):
        following = np.maximum(prices, (needed + prices[None, :]).max(1))
        if np.allclose(following, prices, rtol=0, atol=1e-12 * (1 + np.abs(extra).max())):
            break
        prices = following
    return prices


def class_means(x: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the mean of each class in float64, (n_classes, d); NaN for a class without rows."""
    members = np.zeros((n_classes, len(x)), dtype=x.dtype)
    members[labels, np.arange(len(x))] = 1
    counts = np.bincount(labels, minlength=n_classes)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (members @ x).astype(np.float64) / counts[:, None]
