"""Texts as rows of whole numbers: what tokenised and hashed texts share.

A stored row is int32 of one length for all texts; what is beyond a text's end is `NOTHING`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...base.errors import DataError
from ...base.events import Events
from ...base.halves import has_half, whole_text
from ...base.typed import JsonObject
from ..examples import Examples
from .base import Preprocessing, Reads, Strength
from .texts import TextExamples

if TYPE_CHECKING:
    import torch

NOTHING = -1
"""In the place of a number: nothing is there, and a network must not look."""
DROPPED = {"weak": 0.05, "strong": 0.2}
"""Chance that a word of a changed view is not there."""


def texts_of(examples: Examples) -> list[str]:
    """Return the texts; half of a surrogate pair, which no tokeniser takes, is U+FFFD in them.

    Raises
    ------
    DataError
        Where the examples are no texts.
    """
    if not isinstance(examples, TextExamples):
        raise DataError(
            f"text preprocessing was given {examples.modality} examples",
            hint="use the preprocessing of that modality",
        )
    return [whole_text(text) for text in examples.texts]


def say_halves(examples: Examples, events: Events) -> None:
    """Count and say the texts in which half of a surrogate pair was replaced."""
    halves = sum(has_half(text) for text in getattr(examples, "texts", ()))
    if halves:
        events.log(
            "note",
            f"{halves:,} texts hold half of a character (a cut surrogate pair): U+FFFD is read in "
            "its place",
            rows=halves,
        )


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


class IdPreprocessing(Preprocessing):
    """What tokenised and hashed texts share; subclasses are frozen dataclasses.

    Attributes
    ----------
    length : int
        Numbers of a stored row.
    column : str
        The column that a table's texts are in, "" where there was none.
    keep_first : bool
        Whether a changed view always has the first number: a class token.
    """

    modality: ClassVar[str] = "text"
    stored_type: ClassVar[str] = "int32"
    keep_first: ClassVar[bool] = False
    length: int
    column: str

    @property
    def shape(self) -> tuple[int, ...]:
        """(numbers,)."""
        return (self.length,)

    def sketches(self, stored: np.ndarray) -> np.ndarray:
        """Return the least hashes of what each text is made of."""
        from .sketches import MINIMA, minima_sketch

        rows = [minima_sketch(np.unique(self.runs(row[row != NOTHING]))) for row in stored]
        return np.array(rows, np.uint16).reshape(len(stored), MINIMA)

    def runs(self, ids: np.ndarray) -> np.ndarray:
        """Return what a text is made of as whole numbers: its ids."""
        return ids

    def lengths(self, stored: np.ndarray) -> np.ndarray:
        """Return how many numbers each row has."""
        return (stored != NOTHING).sum(1)

    def encode(self, stored: torch.Tensor) -> torch.Tensor:
        """Return int64 (n, numbers of the longest text)."""
        return encoded(stored)

    def augment(
        self, stored: torch.Tensor, strength: Strength, generator: torch.Generator
    ) -> torch.Tensor:
        """Leave out numbers at random: one in twenty ("weak"), one in five ("strong")."""
        return encoded(dropped(stored, strength, generator, keep_first=self.keep_first))

    def many(self, what: Any) -> Any:
        """Return one text as several."""
        from .single import text_or_texts

        return text_or_texts(what)

    def reads(self) -> Reads:
        """Return the text column."""
        return {"text": self.column} if self.column else {}

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        return {"kind": self.name, **asdict(self)}  # type: ignore[call-overload]
