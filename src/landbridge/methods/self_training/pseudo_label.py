"""Pseudo-labels."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.base import METHODS
from ..core.network import TermConfig, TermMethod


@METHODS.register("pseudo-label")
class PseudoLabelling(TermMethod):
    """The plainest self-training: a row's own confident answer becomes its label."""

    family = "pseudo"
    summary = "the target's own confident answers become labels"
    paper = "Lee, 2013, ICML workshops (Pseudo-Label)"

    term = "pseudo-label"
    ramp = 0.5
    """Share of the phase over which the weight rises: labels of oneself are trusted late."""

    @dataclass(frozen=True)
    class Config(TermConfig):
        """Options of `PseudoLabelling`.

        Attributes
        ----------
        weight : float
            Of the term.
        target_weight : float
            λ of L_target, where target labels are there to use.
        threshold : float
            Least confidence of an answer that becomes a label.
        """

        threshold: float = 0.9
