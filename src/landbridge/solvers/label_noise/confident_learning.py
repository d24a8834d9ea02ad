"""Confident learning: which labels other rows speak against (Northcutt, Jiang & Chuang, 2021).

A row counts as of class j where its probability of j, predicted by a model that has not seen the
row, reaches the mean of j's probability over the rows labelled j. How many rows count as of another
class than their label says tells how many labels are wrong; the normalised margin says which.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LabelErrors:
    """Labels that are likely wrong, the likeliest first.

    Attributes
    ----------
    rows : ndarray of int, shape (m,)
        Suspects, by `margin`, descending: as many as `expected` says, of those that another class
        is likelier for than their own.
    expected : float
        About how many labels are wrong: off the diagonal of the confident joint, once each of its
        rows is scaled to as many as are labelled so.
    suggested : ndarray of int, shape (n,)
        For every row, the likeliest class other than its label.
    margin : ndarray, shape (n,)
        For every row, the probability of `suggested` less that of the label: -1 to 1.
    counts : ndarray of int, shape (k, k)
        Confident joint: rows labelled i that count as of class j. Rows that reach no class's
        threshold are in no cell.
    thresholds : ndarray, shape (k,)
        Mean probability of each class over the rows labelled so; NaN for a class without rows.
    """

    rows: np.ndarray
    expected: float
    suggested: np.ndarray
    margin: np.ndarray
    counts: np.ndarray
    thresholds: np.ndarray


def confident_learning(probabilities: np.ndarray, labels: np.ndarray) -> LabelErrors:
    """Find labels that are likely wrong.

    Parameters
    ----------
    probabilities : ndarray, shape (n, k)
        Predicted for each row by a model that has not learned from the row.
    labels : ndarray of int, shape (n,)
        As given, from 0 to k - 1.

    Returns
    -------
    LabelErrors

    Raises
    ------
    ValueError
        Where shapes disagree, a probability is not finite, or a label is not below k.

    References
    ----------
    Northcutt, C., Jiang, L. & Chuang, I. (2021). Confident learning: estimating uncertainty in
    dataset labels. Journal of Artificial Intelligence Research 70.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]])
    >>> found = confident_learning(p, np.array([0, 0, 0, 1, 1]))
    >>> found.rows.tolist(), found.suggested[found.rows].tolist(), found.counts.tolist()
    ([2], [1], [[2, 1], [0, 1]])
    """
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    if p.ndim != 2 or labels.shape != (len(p),):
        raise ValueError(f"probabilities of shape {p.shape} for labels of shape {labels.shape}")
    n, k = p.shape
    if k < 2:
        raise ValueError(f"labels can be wrong where there are two classes or more, got {k}")
    if not np.isfinite(p).all():
        raise ValueError("a probability is not finite")
    if n and (labels.min() < 0 or labels.max() >= k):
        raise ValueError(f"labels must be from 0 to {k - 1}")
    of_class = np.bincount(labels, minlength=k)
    own = p[np.arange(n), labels]
    total = np.bincount(labels, weights=own, minlength=k)
    thresholds = np.where(of_class > 0, total / np.maximum(of_class, 1), np.nan)
    # 1e-12: a mean of equal numbers may be above them by rounding; NaN compares as False
    reaches = p >= thresholds - 1e-12
    counts_as = np.where(reaches, p, -np.inf).argmax(1)
    sure = reaches.any(1)
    counts = np.zeros((k, k), np.int64)
    np.add.at(counts, (labels[sure], counts_as[sure]), 1)
    others = p.copy()
    others[np.arange(n), labels] = -np.inf
    suggested = others.argmax(1)
    margin = others[np.arange(n), suggested] - own
    counted = counts.sum(1)
    off = counted - counts.diagonal()
    expected = float((off * of_class / np.maximum(counted, 1)).sum())
    order = np.argsort(-margin, kind="stable")[: round(expected)]
    rows = order[margin[order] > 0]
    return LabelErrors(rows, expected, suggested, margin, counts, thresholds)
