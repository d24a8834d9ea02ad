"""Files that lie in one large file: read when they are needed, and not before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Piece:
    """The content of one file inside another.

    Attributes
    ----------
    file : Path
    start, length : int
        In bytes.
    """

    file: Path
    start: int
    length: int

    def read(self, most: int | None = None) -> bytes:
        """Return its bytes, at most so many from its beginning."""
        with self.file.open("rb") as file:
            file.seek(self.start)
            return file.read(self.length if most is None else min(most, self.length))

    def __str__(self) -> str:
        return f"{self.file.name}[{self.start}:{self.start + self.length}]"


Item = Path | bytes | Piece
"""A file, or the bytes of one (a row of a Parquet file), or where those lie."""


def content(item: Item) -> Path | bytes:
    """Return a path, or bytes: what decoders take."""
    return item.read() if isinstance(item, Piece) else item


def nameless(item: Item) -> bool:
    """Say whether it has no path of its own to be called by."""
    return isinstance(item, bytes | Piece)
