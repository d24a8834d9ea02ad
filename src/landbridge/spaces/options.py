"""How modalities are brought into one space."""

from __future__ import annotations

from dataclasses import dataclass

from ..base.fields import option


@dataclass(frozen=True)
class AlignOptions:
    """How to align.

    Attributes
    ----------
    epochs : float
        Passes over the pairs. The default makes 200 to 6,000 steps, whatever the number of pairs.
    batch : int
        Pairs that are told apart at once.
    rate : float
    temperature : float
        To begin with; it is learned.
    held_out : float
        Share of the pairs that judge, where the data have no test split.
    """

    epochs: float = option(30.0, "How often each pair is looked at.", "N")
    batch: int = 128
    rate: float = 1e-3
    temperature: float = option(0.07, "To begin with; it is learned.", "X")
    held_out: float = option(0.2, "Of the pairs, to judge by without a test split.", "SHARE")
