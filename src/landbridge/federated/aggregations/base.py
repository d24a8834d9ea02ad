"""What an aggregation is: several clients' changes become one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ...base.registry import Registry
from ..arrays import Arrays


class Aggregation(ABC):
    """One way; registered in `AGGREGATIONS`.

    Attributes
    ----------
    summary : str
        One line.
    paper : str
    tolerates : str
        How many lying clients of n it withstands, in words.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str] = ""
    tolerates: ClassVar[str] = "none"

    @abstractmethod
    def combine(self, changes: Sequence[Arrays], weights: np.ndarray) -> Arrays:
        """Return one change in float64.

        Parameters
        ----------
        changes : sequence of Arrays
            At least one; all have the same names and shapes, and are finite.
        weights : ndarray, shape (n,)
            How much each client counts, where that has a meaning.
        """


AGGREGATIONS: Registry[type[Aggregation]] = Registry(
    "federated aggregation", "landbridge.federated.aggregations"
)
