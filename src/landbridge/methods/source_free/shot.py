"""Source hypothesis transfer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..core.base import METHODS
from ..core.network import LIKE_SHARES, TermConfig
from .base import SourceFreeMethod


@METHODS.register("shot")
class SHOT(SourceFreeMethod):
    """The source's head stands still, and the features move until it fits the target.

    Where the backbone has to stand still, the head moves instead.
    """

    summary = "the source's head stays, features move to be certain, diverse and clustered"
    paper = "Liang et al., 2020, ICML (SHOT)"
    needs = replace(LIKE_SHARES, source="model")
    moves = "backbone"

    term = "shot"

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
