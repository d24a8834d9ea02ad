"""Whether different rows are by nature as near as copies are: then nearness says nothing."""

from __future__ import annotations

from dataclasses import dataclass

ASKED = 1000
"""Rows of one side at most that are looked at for neighbours among their own."""


@dataclass(frozen=True)
class Nature:
    """From how many neighbours on rows are near by nature.

    Attributes
    ----------
    share : float
        Of the rows that are looked at.
    copies : int
        So many may have a neighbour because they are copies of each other.
    """

    share: float
    copies: int = 0

    def near(self, neighbours: int, asked: int) -> bool:
        """Whether so many rows of those that were looked at are too many to be copies."""
        return bool(neighbours > max(self.copies, self.share * asked))


PICTURES = Nature(0.003, copies=2)
SKETCHES = Nature(0.003)
TABLES = Nature(0.01, copies=4)
