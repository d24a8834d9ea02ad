"""What every way of grouping gives: for each group a score that is affine in the row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..base.registry import Registry
from ..solvers.calibration.softmax import softmax

STARTS = 10


@dataclass(frozen=True)
class Groups:
    """Groups as scores: a row is of the group whose score is greatest.

    Attributes
    ----------
    weights : float64 ndarray (k, d)
    bias : float64 ndarray (k,)
    """

    weights: np.ndarray
    bias: np.ndarray

    def __len__(self) -> int:
        return len(self.bias)

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Return scores (n, k) of rows (n, d)."""
        return np.asarray(x @ self.weights.T + self.bias)

    def assign(self, x: np.ndarray) -> np.ndarray:
        """Return the group (n,) of each row."""
        return np.asarray(self.scores(x).argmax(1))

    def shares(self, x: np.ndarray) -> np.ndarray:
        """Return how much of each row belongs to each group (n, k), summing to 1."""
        return np.asarray(softmax(self.scores(x)))

    def ordered(self, x: np.ndarray) -> Groups:
        """Return the groups that rows are in, the largest first."""
        sizes = np.bincount(self.assign(x), minlength=len(self))
        order = np.argsort(-sizes, kind="stable")[: int((sizes > 0).sum())]
        return Groups(self.weights[order], self.bias[order])


class Clustering(ABC):
    """One way of grouping.

    Attributes
    ----------
    summary, paper : str
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]

    @abstractmethod
    def fit(self, x: np.ndarray, k: int, seed: int, starts: int = STARTS) -> Groups:
        """Return at most `k` groups of rows.

        Parameters
        ----------
        x : float64 ndarray (n, d)
            n > k.
        k : int
            At least 2.
        seed : int
            The same seed gives the same groups.
        starts : int
            Of k-means, whose best one counts.
        """


CLUSTERINGS: Registry[type[Clustering]] = Registry("clustering", "landbridge.clustering")
