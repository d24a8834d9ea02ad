"""Groups beside the sealed labels: how far they are the same partition, and against what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..base.seeds import numpy_rng
from ..base.typed import JsonObject
from ..domains.sealed import SealedLabels
from ..metrics.estimates import widened
from ..metrics.intervals import Interval

HALVES = 200
MOST = 5000
"""Rows that figures are computed on, at most."""


@dataclass(frozen=True)
class PartitionScore:
    """How alike two partitions of the same rows are, 1 being the same.

    Attributes
    ----------
    ami : Interval
        Adjusted mutual information, 0 for chance (Vinh et al., 2010, JMLR 11).
    ari : Interval
        Adjusted Rand index, 0 for chance.
    accuracy : Interval
        Share of rows that are right where each group stands for one class and each class for one
        group, assigned for the best.
    """

    ami: Interval
    ari: Interval
    accuracy: Interval

    def to_json(self) -> JsonObject:
        """Return it as ``clusters.json`` holds it."""
        return {key: value.to_json() for key, value in self.__dict__.items()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> PartitionScore:
        """Return what `to_json` gave."""
        return cls(*(Interval.from_json(found[key]) for key in ("ami", "ari", "accuracy")))


@dataclass(frozen=True)
class LabelAgreement:
    """What sealed labels say of groups.

    Attributes
    ----------
    n : int
        Labelled rows.
    classes : tuple of str
    score : PartitionScore
    table : int ndarray (groups, classes)
        How many rows of each group have each label.
    reference : PartitionScore or None
        Of other groups of the same rows.
    difference : Interval or None
        Of the adjusted mutual information.
    """

    n: int
    classes: tuple[str, ...]
    score: PartitionScore
    table: np.ndarray
    reference: PartitionScore | None = None
    difference: Interval | None = None

    def to_json(self) -> JsonObject:
        """Return it as ``clusters.json`` holds it."""
        return {
            "n": self.n,
            "classes": list(self.classes),
            **self.score.to_json(),
            "reference": None if self.reference is None else self.reference.to_json(),
            "difference": None if self.difference is None else self.difference.to_json(),
            "table": self.table.tolist(),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> LabelAgreement:
        """Return what `to_json` gave."""
        other = found["reference"]
        return cls(
            n=found["n"],
            classes=tuple(found["classes"]),
            score=PartitionScore.from_json(found),
            table=np.array(found["table"], np.int64),
            reference=None if other is None else PartitionScore.from_json(other),
            difference=Interval.or_none(found["difference"]),
        )


def evaluate_groups(
    sealed: SealedLabels,
    groups: np.ndarray,
    reference: np.ndarray | None = None,
    *,
    seed: int = 0,
) -> LabelAgreement:
    """Compare groups with the labels of the same rows, and with other groups.

    Parameters
    ----------
    sealed : SealedLabels
        Of n rows.
    groups, reference : int ndarray (n,)
        Groups of the same rows; what they are compared with, where there is something.
    seed : int
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
    names_of = tuple(str(name) for name in classes)
    found = LabelAgreement(n, names_of, partition_score(labels, groups[rows], seed), table)
    if reference is not None:
        other = reference[rows]
        gap = _interval(
            lambda some: (
                mutual_information(labels[some], groups[rows][some])
                - mutual_information(labels[some], other[some])
            ),
            len(rows),
            seed,
            share=False,
        )
        other_score = partition_score(labels, other, seed)
        return replace(found, reference=other_score, difference=gap)
    return found


def partition_score(labels: np.ndarray, groups: np.ndarray, seed: int) -> PartitionScore:
    """Return how alike two partitions of the same rows are, with 95 % intervals."""
    from sklearn.metrics import adjusted_rand_score

    def interval(figure: Callable[[np.ndarray, np.ndarray], float]) -> Interval:
        return _interval(lambda some: figure(labels[some], groups[some]), len(labels), seed)

    rand = interval(lambda a, b: float(adjusted_rand_score(a, b)))
    return PartitionScore(interval(mutual_information), rand, interval(matched))


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
) -> Interval:
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
    return Interval(value, low, min(1.0, found.high))
