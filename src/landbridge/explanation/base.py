"""The contract of an explanation method, and the registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from ..base.registry import Registry
from .game import Game
from .records import Attribution

BUDGET = 25
"""Forward passes that explaining one row may take, where nothing else is said."""
CHEAP = 16
"""How many times as many rows may take whose forward pass costs next to nothing: a table's."""


class Explainer(ABC):
    """Says how much each unit of a row speaks for the score of a `Game`.

    Attributes
    ----------
    summary, paper : str
    gradients : bool
        Whether it differentiates the network.
    sums : bool
        Whether scores sum to the difference between the row as it is and the row without its
        units.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]
    gradients: ClassVar[bool] = False
    sums: ClassVar[bool] = False

    @abstractmethod
    def misfit(self, game: Game, budget: int = BUDGET) -> str:
        """Return why it cannot explain this within `budget` forward passes; "" where it can."""

    def most_passes(self, game: Game) -> float:
        """Return how many forward passes a row takes at most, of a method that needs few.

        By default those of one with slopes: to look for the map, there and back.
        """
        return 6.0

    @abstractmethod
    def explain(self, game: Game, budget: int, seed: int) -> Attribution:
        """Return scores within `budget` forward passes."""


EXPLAINERS: Registry[type[Explainer]] = Registry(
    "explanation method", "landbridge.explanation.methods"
)


def budget_of(game: Game, budget: int) -> int:
    """Return how many forward passes a row may take."""
    return budget * CHEAP if game.view.cheap else budget
