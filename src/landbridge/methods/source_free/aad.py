"""Attracting and dispersing."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import TermSpec
from ..base import METHODS
from ..network import TermConfig
from .base import SourceFreeMethod


@METHODS.register("aad")
class AttractingDispersing(SourceFreeMethod):
    """Needs batches that hold several classes: what is dispersed is the rest of the batch."""

    summary = "neighbours among the target's rows answer alike, others differently"
    paper = "Yang et al., 2022, NeurIPS (AaD)"
    evidence = (
        "no labels, one seed: MNIST → USPS 97.7 (source only 95.7), USPS → MNIST 96.5 (90.3)"
        ", with shifted shares 95.1 (86.4), with half of the classes 94.9 (94.7)"
    )

    @dataclass(frozen=True)
    class Config(TermConfig):
        """Options of `AttractingDispersing`.

        Attributes
        ----------
        weight : float
            Of the term.
        target_weight : float
            λ of L_target, where target labels are there to use.
        neighbours : int
            How many attract a row.
        decay : float
            How fast dispersion fades: at the end it counts 11^−decay.
        """

        neighbours: int = 3
        decay: float = 5.0

    def terms(self) -> tuple[TermSpec, ...]:
        """Return the term at full strength from the start: it is all that is learned from."""
        options = {"neighbours": self.config.neighbours, "decay": self.config.decay}
        return (TermSpec("aad", self.config.weight, options=options),)
