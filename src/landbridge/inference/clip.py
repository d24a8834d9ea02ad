"""Keeping columns within a range, as a head layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from .layers import Affine, HeadLayer

if TYPE_CHECKING:
    import torch

Bounded = Literal["", "columns", "directions"]
"""See `within`."""

MARGIN = 0.5
"""How far a column may go beyond the range that rows show, as a share of that."""
FEW = 0.002
"""Of the rows: so few at either end show no range. What they alone have is clipped."""


@dataclass(frozen=True, eq=False)
class Clip(HeadLayer):
    """Replace what lies outside a column's range by the nearest end of it.

    Attributes
    ----------
    low, high : ndarray, shape (d,)

    Examples
    --------
    >>> from landbridge.inference.layers import apply
    >>> apply([Clip(np.zeros(2), np.ones(2))], np.array([[0.5, 9.0]])).tolist()
    [[0.5, 1.0]]
    """

    kind: ClassVar[str] = "clip"
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def around(cls, rows: np.ndarray) -> Clip:
        """Return the range of the columns of all but the `FEW` outermost rows, and `MARGIN` of it.

        Examples
        --------
        >>> Clip.around(np.array([[0.0], [2.0]])).high.tolist()
        [3.0]
        >>> Clip.around(np.append(np.zeros(999), 7)[:, None]).high.tolist()
        [0.0]
        """
        k = int(FEW * len(rows))
        low, high = np.partition(rows, (k, len(rows) - 1 - k), axis=0)[[k, -1 - k]]
        more = MARGIN * (high.astype(np.float64) - low)
        return cls(low - more, high + more)

    def outside(self, x: np.ndarray) -> np.ndarray:
        """Say which values of rows (n, d) are clipped, of columns that have a range at all.

        A column of one value is as good as not there: a linear head gives it no weight.
        """
        own = np.result_type(x.dtype, np.float32)  # the bounds, rounded as `apply` rounds them
        beyond = (x < self.low.astype(own)) | (x > self.high.astype(own))
        return beyond & (self.high > self.low)

    @staticmethod
    def run(x: torch.Tensor, own: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the rows within the range; NaN stays."""
        return x.clamp(own["low"], own["high"])


def within(rows: np.ndarray, bounded: Bounded) -> tuple[HeadLayer, ...]:
    """Return the steps that keep rows within about what `rows` (n, d) show.

    Parameters
    ----------
    rows : ndarray, shape (n, d)
    bounded : {"", "columns", "directions"}
        "columns": each column. "directions": then each principal direction as well. One in which
        the rows hardly differ is one that nothing is known of, though columns alone stay in range.
        "": nothing is kept, and there is no step.

    Examples
    --------
    >>> from landbridge.inference.layers import apply
    >>> steps = within(np.array([[0.0], [2.0]]), "columns")
    >>> apply(steps, np.array([[1.5], [90.0]])).tolist()
    [[1.5], [3.0]]
    """
    if not bounded:
        return ()
    columns = Clip.around(rows)
    if bounded == "columns":
        return (columns,)
    x = np.clip(rows.astype(np.float64), columns.low, columns.high)
    mean, deviation = x.mean(0), x.std(0)
    deviation[deviation <= 1e-6 * np.abs(mean)] = 1  # what varies by rounding alone
    z = (x - mean) / deviation
    _, axes = np.linalg.eigh(z.T @ z)
    there = Affine(axes / deviation[:, None], -(mean / deviation) @ axes)
    back = Affine(axes.T * deviation, mean)
    return columns, there, Clip.around(z @ axes), back
