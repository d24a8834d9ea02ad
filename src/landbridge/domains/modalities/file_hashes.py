"""Hashes of files, each made once for a set and for all that is selected from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...base.errors import DataError
from ...base.hashing import digest, file_digest
from .pieces import Item, content

_WHOLE_BYTES = 200_000_000


class FileHashes:
    """Hashes of the files of a set, or of their bytes.

    Of sets of over 200 MB each file's size, its time of last change and 12 kB from its beginning,
    middle and end are hashed: a full read would cost more than it tells. A selection does as the
    whole set did.

    Parameters
    ----------
    items : sequence of Path, bytes or Piece
        The whole set.

    Examples
    --------
    >>> hashes = FileHashes([b"one", b"two", b"one"])
    >>> first, second, third = hashes.of([b"one", b"two", b"one"])
    >>> first == third, first == second
    (True, False)
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self._whole: bool | None = None
        self._digests: dict[Item, str] = {}

    def of(self, items: Sequence[Item]) -> list[str]:
        """Return the hashes of some."""
        if self._whole is None:
            self._whole = _total(self.items) <= _WHOLE_BYTES
        for item in items:
            if item not in self._digests:
                self._digests[item] = _item_digest(item, self._whole)
        return [self._digests[item] for item in items]


def _total(items: Sequence[Item]) -> int:
    total = 0
    for item in items:
        if isinstance(item, Path):
            try:
                total += item.stat().st_size
            except OSError as error:
                raise _gone(item, error) from error
    return total


def _item_digest(item: Item, whole: bool) -> str:
    item = content(item)
    if isinstance(item, bytes):
        return digest(item)
    try:
        if whole:
            return file_digest(item)
        stat = item.stat()
        parts = []
        with item.open("rb") as file:
            for start in (0, max(0, stat.st_size // 2 - 2048), max(0, stat.st_size - 4096)):
                file.seek(start)
                parts.append(file.read(4096))
    except OSError as error:
        raise _gone(item, error) from error
    return digest(stat.st_size, stat.st_mtime_ns, *parts)


def _gone(item: Path, error: OSError) -> DataError:
    return DataError(
        f"{item} cannot be read any more: {error.strerror}", hint="read the folder again"
    )
