"""Neighbourhood reciprocity clustering."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..core.base import METHODS
from ..core.network import LIKE_SHARES, TermConfig
from .base import SourceFreeMethod


@METHODS.register("nrc")
class NeighbourhoodReciprocity(SourceFreeMethod):
    """Rows learn from their neighbours, most from those that have them as neighbours, too."""

    summary = "answers agree with those of reciprocal neighbours on the target"
    paper = "Yang et al., 2021, NeurIPS (NRC)"
    needs = replace(LIKE_SHARES, source="model")

    term = "nrc"

    @dataclass(frozen=True)
    class Config(TermConfig):
        """Options of `NeighbourhoodReciprocity`.

        Attributes
        ----------
        weight : float
            Of the term.
        target_weight : float
            λ of L_target, where target labels are there to use.
        neighbours : int
            How many a row learns from.
        expanded : int
            How many neighbours of each of these are learned from, too.
        """

        neighbours: int = 3
        expanded: int = 3
