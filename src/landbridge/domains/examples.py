"""Raw examples of one modality, and what a backbone is told about them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class InputHint:
    """What raw examples look like, so that a backbone can choose its preprocessing.

    For images the greatest of the domains' median heights and widths, so that the sharper
    domain loses nothing, and the number of channels (1 only where every domain is grey); for
    tables the number of columns after encoding.
    """

    modality: str
    height: int = 0
    width: int = 0
    channels: int = 0
    columns: int = 0


class Examples(ABC):
    """Raw examples in a fixed order, decoded only when asked."""

    modality: ClassVar[str]

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a hash of the content (not of paths or times)."""

    @abstractmethod
    def select(self, rows: np.ndarray) -> Examples:
        """Return the examples at integer `rows`, in that order."""

    @abstractmethod
    def names(self) -> list[str]:
        """Return what to call each example in messages: a path, or "row 12"."""

    @classmethod
    @abstractmethod
    def hint(cls, parts: Sequence[Examples]) -> InputHint:
        """Say what the examples of all domains look like together; all are of this class."""
