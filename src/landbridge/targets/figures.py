"""What a choice and a verdict count in, and how its figures are said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..base.formatting import as_points, percent, quantity, three_figures
from ..metrics.intervals import Interval


@dataclass(frozen=True)
class PrimaryMetric:
    """A figure that is the mean of one score a row, so that two methods can be paired.

    Attributes
    ----------
    name : str
    lower_is_better : bool
        Whether the figure is an error. Scores are then minus the error: higher scores are
        always better.
    percent : bool
        Whether it is a share, and not a quantity in the label's units.
    score : callable (values (..., n, k), truth) -> ndarray (..., n)
    """

    name: str
    lower_is_better: bool
    percent: bool
    score: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def figure(self, score: float) -> float:
        """Return the figure that a mean score stands for."""
        return -score if self.lower_is_better else score

    def interval(self, scores: Interval) -> Interval:
        """Return the figure that a mean score stands for, with its interval."""
        low, high = sorted((self.figure(scores.low), self.figure(scores.high)))
        return Interval(self.figure(scores.value), low, high, scores.level)

    def format(self, figure: float) -> str:
        """Return the figure in words: "94.2 %", "3.21"."""
        return percent(figure) if self.percent else quantity(figure)

    def size(self, difference: float) -> str:
        """Return how large a difference is: "3.1 points", "0.42"."""
        size = abs(difference)
        return as_points(size).lstrip("+") if self.percent else three_figures(size)

    def signed(self, difference: float) -> str:
        """Return "+3.1 points", or what is saved of an error with its sign."""
        return as_points(difference) if self.percent else three_figures(difference, "+")


@dataclass(frozen=True)
class Phrases:
    """How a figure and a difference are said.

    Attributes
    ----------
    does : str
        What a method does, with its figure as {0}.
    other : str
        The same of the next one, shorter.
    more, less : str
        Of a difference for the better and for the worse.
    same : str
        Of no difference.
    """

    does: str
    other: str
    more: str
    less: str
    same: str = "as much as"
