"""Groups beside the sealed labels: how far they are the same partition, and against what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.seeds import numpy_rng
from ..domains.sealed import SealedLabels
from ..metrics.estimates import widened

HALVES = 200
MOST = 5000
"""Rows that figures are computed on, at most."""


def judge_groups(
    sealed: SealedLabels,
    groups: np.ndarray,
    reference: np.ndarray | None = None,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare groups with the labels of the same rows, and with other groups.

    Parameters
    ----------
    sealed : SealedLabels
        Of n rows.
    groups, reference : int ndarray (n,)
        Groups of the same rows; what they are compared with, where there is something.
    seed : int

    Returns
    -------
    dict
        "n", "classes"; "ami", "ari", "accuracy", each with "low" and "high" (see
        `partition_figures`); "reference" alike; "difference" of the adjusted mutual information;
        "table": how many rows of each group (0..) have each label.
    """
    names = sealed.open()
    rows = np.flatnonzero([name is not None for name in names])
    said = [str(names[i]) for i in rows]
    classes, labels = np.unique(said, return_inverse=True)
    table = cross_table(groups[rows], labels, (int(groups.max()) + 1, len(classes)))
    n = len(rows)
    if n > MOST:
        some = np.sort(numpy_rng("judged groups", seed).permutation(n)[:MOST])
        rows, labels = rows[some], labels[some]
    found: dict[str, Any] = {"n": n, "classes": [str(name) for name in classes]}
    found |= partition_figures(labels, groups[rows], seed)
    found |= {"reference": None, "difference": None, "table": table.tolist()}
    if reference is not None:
        other = reference[rows]
        found["reference"] = partition_figures(labels, other, seed)
        found["difference"] = _interval(
            lambda some: (
                mutual_information(labels[some], groups[rows][some])
                - mutual_information(labels[some], other[some])
            ),
            len(rows),
            seed,
            share=False,
        )
    return found


def partition_figures(labels: np.ndarray, groups: np.ndarray, seed: int) -> dict[str, Any]:
    """Return how alike two partitions of the same rows are, 1 being the same.

    "ami": adjusted mutual information, 0 for chance (Vinh et al., 2010, JMLR 11). "ari": adjusted
    Rand index, 0 for chance. "accuracy": share of rows that are right where each group stands for
    one class and each class for one group, assigned for the best. Each with a 95 % interval.
    """
    from sklearn.metrics import adjusted_rand_score

    figures: dict[str, Callable[[np.ndarray], float]] = {
        "ami": lambda some: mutual_information(labels[some], groups[some]),
        "ari": lambda some: float(adjusted_rand_score(labels[some], groups[some])),
        "accuracy": lambda some: matched(labels[some], groups[some]),
    }
    return {name: _interval(figure, len(labels), seed) for name, figure in figures.items()}


def cross_table(a: np.ndarray, b: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return how many rows are in each group of `a` and each of `b` at once, int64 `shape`."""
    table = np.zeros(shape, np.int64)
    np.add.at(table, (a, b), 1)
    return table


def mutual_information(labels: np.ndarray, groups: np.ndarray) -> float:
    """Return the adjusted mutual information."""
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(labels, groups))


def matched(labels: np.ndarray, groups: np.ndarray) -> float:
    """Return the share of rows on the best one-to-one assignment of groups to classes.

    Examples
    --------
    >>> matched(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 2]))
    0.75
    """
    from scipy.optimize import linear_sum_assignment

    table = cross_table(groups, labels, (int(groups.max()) + 1, int(labels.max()) + 1))
    return float(table[linear_sum_assignment(-table)].sum() / max(1, len(labels)))


def _interval(
    figure: Callable[[np.ndarray], float], n: int, seed: int, share: bool = True
) -> dict[str, float]:
    """Return a figure of n rows with its interval, by the delete-half jackknife.

    Shao & Wu, 1989, Ann. Stat. 17. A bootstrap draws rows twice, and a row is always in the group
    of its double: it would flatter both partitions.
    """
    value = figure(np.arange(n))
    half = 0.0
    if n >= 4:
        rng = numpy_rng("halves", seed, n)
        halves = [figure(rng.permutation(n)[: n // 2]) for _ in range(HALVES)]
        half = 1.96 * float(np.std(halves, ddof=1)) * np.sqrt((n // 2) / (n - n // 2))
    found = widened(value, value - half, value + half, n, share=share)
    # Nothing is more alike than the same; a difference lies between -1 and 1.
    low = found.low if share else max(-1.0, found.low)
    return {"value": value, "low": low, "high": min(1.0, found.high)}
