"""Consistency with the thresholds of two papers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ..core.base import METHODS
from ..core.network import TermConfig, TermMethod


@dataclass(frozen=True)
class MatchConfig(TermConfig):
    """Options of `FixMatch` and `FlexMatch`.

    Attributes
    ----------
    weight : float
        Of the term.
    target_weight : float
        λ of L_target, where target labels are there to use.
    threshold : float
        Least confidence of an answer that teaches.
    """

    threshold: float = 0.95


@METHODS.register("fixmatch")
class FixMatch(TermMethod):
    """The term `consistency` with one threshold for all classes."""

    family = "pseudo"
    summary = "answers of a weak view above one threshold teach a strong view"
    paper = "Sohn et al., 2020, NeurIPS (FixMatch)"
    term = "consistency"
    Config = MatchConfig
    flexible: ClassVar[bool] = False

    def options(self) -> dict[str, Any]:
        """Return those of `consistency` as the paper sets it."""
        return super().options() | {"flexible": self.flexible}


@METHODS.register("flexmatch")
class FlexMatch(FixMatch):
    """The term `consistency` with lower thresholds for classes that are learned less."""

    summary = "as fixmatch, with a lower threshold for classes that are learned less"
    paper = "Zhang et al., 2021, NeurIPS (FlexMatch)"
    flexible = True
