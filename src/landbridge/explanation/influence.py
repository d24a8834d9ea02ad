"""Which learned rows speak for an answer and which against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Influence:
    """What each learned row does to scores of other rows, of a ridge on the same features.

    Attributes
    ----------
    change : ndarray, shape (queries, n)
        By how much the score of a query falls where that row is left out: over 0 it speaks for.
    """

    change: np.ndarray


def ridge_influence(
    features: np.ndarray, targets: np.ndarray, queries: np.ndarray, alpha: float
) -> Influence:
    """Return what leaving out each row changes, exactly and without fitting again.

    With A = XᵀX + alpha I over rows X from which the mean was taken and a column of ones, the score
    of q changes by qᵀA⁻¹x e / (1 − h), e being the row's residual and h = xᵀA⁻¹x its leverage
    (Cook & Weisberg, 1982).

    Parameters
    ----------
    features : ndarray, shape (n, d)
    targets : ndarray, shape (n,) or (n, queries)
        What the ridge is fitted to; a column of its own for each query where there are several.
    queries : ndarray, shape (queries, d)
    alpha : float

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> found = ridge_influence(x, np.array([0.0, 1.0, 2.0]), np.array([[3.0]]), 1e-9)
    >>> np.abs(found.change).max() < 1e-6
    np.True_
    """
    x, q = np.asarray(features, np.float64), np.asarray(queries, np.float64)
    middle = x.mean(0)
    x = np.column_stack([x - middle, np.ones(len(x))])
    q = np.column_stack([q - middle, np.ones(len(q))])
    y = np.asarray(targets, np.float64).reshape(len(x), -1)
    penalty = np.full(x.shape[1], alpha)
    penalty[-1] = 0.0
    if x.shape[1] <= len(x):
        solved = np.linalg.solve(x.T @ x + np.diag(penalty + 1e-12), x.T)
    else:  # fewer rows than columns: the same by the kernel, the column of ones nearly unpunished
        weak = np.where(penalty > 0, penalty, 1e-9)
        inner = (x / weak) @ x.T
        solved = (x / weak).T @ np.linalg.inv(inner + np.eye(len(x)))
    leverage = np.einsum("ij,ji->i", x, solved)
    residual = y - x @ (solved @ y)
    pull = q @ solved
    own = residual.T if y.shape[1] == len(q) else np.repeat(residual.T, len(q), 0)
    return Influence(pull * own / np.maximum(1 - leverage, 1e-9))


def nearest(features: np.ndarray, queries: np.ndarray, most: int) -> np.ndarray:
    """Return the rows nearest to each query by the angle between features, (queries, most)."""

    def unit(rows: np.ndarray) -> np.ndarray:
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)

    alike = unit(np.asarray(queries, float)) @ unit(np.asarray(features, float)).T
    return np.argsort(-alike, axis=1, kind="stable")[:, :most]
