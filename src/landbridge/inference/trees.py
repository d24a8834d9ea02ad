"""Boosted trees as a head layer: grown elsewhere (`solvers.boosting.trees`), answered here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .layers import HeadLayer

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Trees(HeadLayer):
    """A sum of decision trees a column.

    Attributes
    ----------
    feature, threshold, left, right, value : ndarray, shape (nodes,)
        Of all trees' nodes one after the other: a row goes left where its feature is at most the
        threshold. A leaf is its own left and right.
    roots, column : ndarray, shape (trees,)
        Where each tree begins, and to which column it adds.
    base : ndarray, shape (columns,)
        What is added to.
    depth : ndarray, shape ()
        Of the deepest tree.
    """

    kind: ClassVar[str] = "trees"
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    roots: np.ndarray
    column: np.ndarray
    base: np.ndarray
    depth: np.ndarray

    @property
    def width(self) -> int:
        """Number of columns that come out."""
        return len(self.base)

    def load(self) -> int:
        """Return four numbers a tree."""
        return 4 * len(self.roots)

    @staticmethod
    def run(x: torch.Tensor, own: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the sums, (n, columns)."""
        feature, left, right = (own[name].long() for name in ("feature", "left", "right"))
        node = own["roots"].long().expand(len(x), -1)
        for _ in range(int(own["depth"])):
            below = x.gather(1, feature[node]) <= own["threshold"][node]
            node = left[node].where(below, right[node])
        out = own["base"].expand(len(x), -1).clone()
        return out.index_add_(1, own["column"].long(), own["value"][node])
