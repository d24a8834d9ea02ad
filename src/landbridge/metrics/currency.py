"""What a choice and a verdict count in, for each kind of answer: one score a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..domains.answers import Answers


@dataclass(frozen=True)
class Currency:
    """A figure that is the mean of one score a row, so that two methods can be paired.

    Attributes
    ----------
    metric : str
        Its name.
    lower_is_better : bool
        Whether the figure is an error. Scores are then minus the error: higher scores are
        always better.
    percent : bool
        Whether it is a share, and not a quantity in the label's units.
    score : callable (values (..., n, k), truth) -> ndarray (..., n)
    """

    metric: str
    lower_is_better: bool
    percent: bool
    score: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def figure(self, score: float) -> float:
        """Return the figure that a mean score stands for."""
        return -score if self.lower_is_better else score

    def say(self, figure: float) -> str:
        """Return the figure in words: "94.2 %", "3.21"."""
        return f"{100 * figure:.1f} %" if self.percent else quantity(figure)


def quantity(value: float) -> str:
    """Return a number in four figures, zeros at the end as well.

    Examples
    --------
    >>> [quantity(v) for v in (18.0, 0.01234, 12345.6)]
    ['18.00', '0.01234', '12,346']
    """
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:#.4g}".rstrip(".")


def hits(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return whether the likeliest class is the true one."""
    return probabilities.argmax(-1) == truth


def nearness(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return minus the absolute error of each number."""
    return -np.abs(values[..., 0] - truth)


def as_wide(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return probabilities with a column of 0 for each label of `truth` that is no answer.

    Labels that a model does not know come after its own, and it never says them.
    """
    lacking = truth.shape[-1] - probabilities.shape[-1]
    if lacking <= 0:
        return probabilities
    return np.pad(probabilities, [(0, 0)] * (probabilities.ndim - 1) + [(0, lacking)])


def jaccard(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return |answered ∩ true| / |answered ∪ true| of each row; 1 where both are empty.

    A label is answered where its probability is above one half.

    Examples
    --------
    >>> jaccard(np.array([[0.9, 0.9, 0.1]]), np.array([[1, 0, 0]])).tolist()
    [0.5]
    """
    answered, true = as_wide(probabilities, truth) > 0.5, truth > 0.5
    both = (answered & true).sum(-1)
    either = (answered | true).sum(-1)
    return np.where(either > 0, both / np.maximum(either, 1), 1.0)


CURRENCIES: dict[Answers, Currency] = {
    "classes": Currency("accuracy", False, True, hits),
    "numbers": Currency("mean absolute error", True, False, nearness),
    "several": Currency("Jaccard index", False, True, jaccard),
}
