"""Features by row: what one set of rows had computed serves every other set that a row is in.

Beside each file of features lie the hashes of its rows' inputs, under a name that says what made
them. A domain that is the source of five tasks and the target of a sixth is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np

from ..base.files import write_bytes
from ..base.stored import checked

_BYTES = 16
_WINDOW = 512
"""Rows that are put together at once."""


def row_hashes(prepared: np.ndarray) -> list[bytes]:
    """Return a hash of each row's inputs.

    Examples
    --------
    >>> rows = row_hashes(np.array([[1, 2], [3, 4], [1, 2]]))
    >>> rows[0] == rows[2], rows[0] == rows[1]
    (True, False)
    """
    start = f"{prepared.dtype.str} {prepared.shape[1:]}".encode()
    return [blake2b(start + row.tobytes(), digest_size=_BYTES).digest() for row in prepared]


class StoredRows:
    """Rows of a store whose features one backbone made in one way.

    Parameters
    ----------
    root : Path
        Of the store.
    made_by : str
        A key of backbone, preprocessing and precision.
    """

    def __init__(self, root: Path, made_by: str) -> None:
        self.root, self.made_by = root, made_by

    def remember(self, path: Path, hashes: list[bytes]) -> None:
        """Keep the hashes of the rows of a file of features."""
        write_bytes(self.root / f"{path.stem}.{self.made_by}.rows", b"".join(hashes), private=True)

    def find(self, hashes: list[bytes], dim: int) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return for each row which file has it and where, −1 where none has, and those files."""
        where = np.full((len(hashes), 2), -1, np.int64)
        files: list[np.ndarray] = []
        wanted = set(hashes)
        for listed in sorted(self.root.glob(f"features-*.{self.made_by}.rows")):
            if not wanted:
                break
            path = self.root / f"{listed.name.partition('.')[0]}.npy"
            try:
                kept = listed.read_bytes()
            except OSError:
                continue
            places = {kept[i : i + _BYTES]: i // _BYTES for i in range(0, len(kept), _BYTES)}
            common = wanted & places.keys()
            if not common or not checked(path):
                continue
            features = np.load(path, mmap_mode="r", allow_pickle=False)
            if features.shape != (len(kept) // _BYTES, dim):
                continue
            for i, name in enumerate(hashes):
                if name in common:
                    where[i] = len(files), places[name]
            files.append(features)
            wanted -= common
        return where, files


def joined(
    where: np.ndarray,
    files: list[np.ndarray],
    start: int,
    dim: int,
    compute: Callable[[np.ndarray], Iterator[np.ndarray]],
) -> Iterator[np.ndarray]:
    """Yield blocks of rows from `start` on: those that a file has, and the others computed.

    Parameters
    ----------
    where, files
        What `StoredRows.find` returned.
    start : int
    dim : int
    compute : callable
        Given row numbers, yields blocks of their features.
    """
    for first in range(start, len(where), _WINDOW):
        own = where[first : first + _WINDOW]
        block = np.empty((len(own), dim), np.float32)
        for i, features in enumerate(files):
            rows = np.flatnonzero(own[:, 0] == i)
            block[rows] = features[own[rows, 1]]
        missing = np.flatnonzero(own[:, 0] < 0)
        if len(missing):
            block[missing] = np.concatenate(list(compute(first + missing)))
        yield block
