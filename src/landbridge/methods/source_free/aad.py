"""Attracting and dispersing."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.base import METHODS
from ..core.network import TermConfig
from .base import SourceFreeMethod


@METHODS.register("aad")
class AttractingDispersing(SourceFreeMethod):
    """Needs batches that hold several classes: what is dispersed is the rest of the batch."""

    summary = "neighbours among the target's rows answer alike, others differently"
    paper = "Yang et al., 2022, NeurIPS (AaD)"

    term = "aad"

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
