"""Source hypothesis transfer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...training.plan import TermSpec
from ..base import METHODS
from ..network import TermConfig
from .base import SourceFreeMethod


@METHODS.register("shot")
class SHOT(SourceFreeMethod):
    """The source's head stands still, and the features move until it fits the target.

    Where the backbone has to stand still, the head moves instead.
    """

    summary = "the source's head stays, features move to be certain, diverse and clustered"
    paper = "Liang et al., 2020, ICML (SHOT)"
    evidence = (
        "digits without labels: M → U 96.7 (source only 94.3), U → M 96.8 (85.2); one "
        "seed, shares shifted 81.5 (86.4), half of the classes 57.9 (94.7)"
    )
    needs = replace(
        SourceFreeMethod.needs,
        like_shares=True,
        warning="where class shares differ much, or the target lacks some of the classes",
    )
    moves = "backbone"

    @dataclass(frozen=True)
    class Config(TermConfig):
        """Options of `SHOT`.

        Attributes
        ----------
        weight : float
            Of the term.
        target_weight : float
            λ of L_target, where target labels are there to use.
        pseudo : float
            Weight of the pseudo-labels within the term.
        """

        pseudo: float = 0.3

    def terms(self) -> tuple[TermSpec, ...]:
        """Return the term at full strength from the start: it is all that is learned from."""
        return (TermSpec("shot", self.config.weight, options={"pseudo": self.config.pseudo}),)
