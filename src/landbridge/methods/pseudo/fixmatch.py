"""Consistency with the thresholds of two papers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...training.plan import TermSpec
from ..base import METHODS
from ..network import RAMP, TermConfig, TermMethod


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

    summary = "answers of a weak view above one threshold teach a strong view"
    paper = "Sohn et al., 2020, NeurIPS (FixMatch)"
    evidence = (
        "digits without labels: M → U 97.8 (source only 94.3), U → M 95.0 (85.2); one "
        "seed, shares shifted 94.4 (86.4), half of the classes 98.6 (94.7)"
    )
    Config = MatchConfig
    flexible: ClassVar[bool] = False

    def terms(self) -> tuple[TermSpec, ...]:
        """Return `consistency` as the paper sets it."""
        options = {"threshold": self.config.threshold, "flexible": self.flexible}
        return (TermSpec("consistency", self.config.weight, ramp=RAMP, options=options),)


@METHODS.register("flexmatch")
class FlexMatch(FixMatch):
    """The term `consistency` with lower thresholds for classes that are learned less."""

    summary = "as fixmatch, with a lower threshold for classes that are learned less"
    paper = "Zhang et al., 2021, NeurIPS (FlexMatch)"
    evidence = (
        "digits without labels: M → U 98.1 (source only 94.3), U → M 96.1 (85.2); one "
        "seed, half of the classes 98.4 (94.7)"
    )
    flexible = True
