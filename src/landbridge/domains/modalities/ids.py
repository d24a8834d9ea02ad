"""Texts as rows of whole numbers: what tokenised and hashed texts share.

A stored row is int32 of one length for all texts; what is beyond a text's end is `NOTHING`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ...base.errors import DataError
from ..examples import Examples
from .base import Strength
from .texts import TextExamples

if TYPE_CHECKING:
    import torch

NOTHING = -1
"""In the place of a number: nothing is there, and a network must not look."""
DROPPED = {"weak": 0.05, "strong": 0.2}
"""Chance that a word of a changed view is not there."""


def texts_of(examples: Examples) -> list[str]:
    """Return the texts.

    Raises
    ------
    DataError
        Where the examples are no texts.
    """
    if not isinstance(examples, TextExamples):
        raise DataError(
            f"text preprocessing was given {examples.modality} examples",
            do="use the preprocessing of that modality",
        )
    return examples.texts


def rows_of(ids: Iterable[np.ndarray], n: int, length: int) -> np.ndarray:
    """Return int32 (n, length) of rows that are at most so long."""
    out = np.full((n, length), NOTHING, np.int32)
    for i, row in enumerate(ids):
        out[i, : len(row)] = row
    return out


def encoded(stored: torch.Tensor) -> torch.Tensor:
    """Return a batch as int64, cut to its longest text (one number at least)."""
    found = (stored != NOTHING).any(0).nonzero()
    longest = int(found.max()) + 1 if len(found) else 1
    return stored[:, :longest].long()


def dropped(
    stored: torch.Tensor, strength: Strength, generator: torch.Generator, keep_first: bool
) -> torch.Tensor:
    """Return rows with words taken out at random, never all of them."""
    import torch

    if strength == "none":
        return stored
    draw = torch.rand(stored.shape, generator=generator, device=generator.device)
    there = stored != NOTHING
    gone = (draw.to(stored.device) < DROPPED[strength]) & there
    if keep_first:
        gone[:, 0] = False
    gone &= ~(gone == there).all(1, keepdim=True)
    return stored.masked_fill(gone, NOTHING)
