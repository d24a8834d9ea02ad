"""How modalities are brought into one space."""

from __future__ import annotations

from dataclasses import dataclass

from ..base.fields import option
from ..base.renamed import renamed_keywords


@renamed_keywords
@dataclass(frozen=True)
class AlignOptions:
    """How to align.

    Attributes
    ----------
    epochs : float
        Passes over the pairs. The default makes 200 to 6,000 steps, whatever the number of pairs.
    batch_size : int
        Pairs that are told apart at once.
    learning_rate : float
    temperature : float
        To begin with; it is learned.
    held_out : float
        Share of the pairs that judge, where the data have no test split.
    """

    epochs: float = option(30.0, "How often each pair is looked at.", "N")
    batch_size: int = 128
    learning_rate: float = 1e-3
    temperature: float = option(0.07, "To begin with; it is learned.", "X")
    held_out: float = option(0.2, "Of the pairs, to judge by without a test split.", "SHARE")
