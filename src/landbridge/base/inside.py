"""What a folder names stays in it, unless somebody says otherwise: one answer for all readers."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import DataError
from .shown import one_line

ANYWHERE = "outside=True (--outside) reads files anywhere, if you trust who made the folder"
"""What to do, in messages."""


class Bounds:
    """The folders that files may lie in, with every link followed.

    Parameters
    ----------
    folders : sequence of Path
        The first is what was named. Of a snapshot of Hugging Face's cache, whose files are links,
        the folder that they lead to belongs to it.

    Examples
    --------
    >>> Bounds([Path("/data")]).holds(Path("/data/../etc/hosts"))
    False
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folder = Path(folders[0])
        self.roots = [os.path.realpath(folder) for folder in folders]
        self.roots += [blobs for root in self.roots if (blobs := _blobs(root))]
        self._real_paths: dict[str, str] = {}

    def holds(self, path: Path) -> bool:
        """Whether a path lies in them, wherever its links lead; it need not exist."""
        try:
            real = self._real(path)
        except (OSError, ValueError):  # a NUL in it, or links in a ring
            return True  # that no such file is there is said by who opens it
        return any(_below(real, root) for root in self.roots)

    def _real(self, path: Path) -> str:
        """Return where a path leads; folders are followed once, of many thousand files."""
        if path.name in ("", "..") or path.is_symlink():
            return os.path.realpath(path)
        place = str(path.parent)
        if place not in self._real_paths:
            self._real_paths[place] = os.path.realpath(place)
        return os.path.join(self._real_paths[place], path.name)


@dataclass(frozen=True)
class Place:
    """Where relative names of files begin, and whether any name may lead elsewhere.

    Attributes
    ----------
    folder : Path
    bounds : Bounds or None
        None: anywhere, as in a table that a person named.
    """

    folder: Path
    bounds: Bounds | None = None

    def holds(self, path: Path) -> bool:
        """Whether a file may be read."""
        return self.bounds is None or self.bounds.holds(path)


def place_of(folder: Path, outside: bool = False) -> Place:
    """Return the place of a folder that was named as data: what is in it names files in it.

    Parameters
    ----------
    folder : Path
    outside : bool
        Whether they may lie anywhere.
    """
    return Place(folder, None if outside else Bounds([folder]))


def check_inside(path: Path, place: Place) -> None:
    """Raise where a file that describes a folder lies elsewhere.

    Raises
    ------
    DataError
        Naming where it leads.
    """
    if not place.holds(path):
        raise DataError(
            f"{leads_out(path)} lies outside {place.folder}",
            hint=f"put the file itself there; {ANYWHERE}",
        )


def is_device(path: Path) -> bool:
    """Whether it is a pipe, a socket or a device: it could keep a reader waiting for ever."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def leads_out(path: Path) -> str:
    """Return a path in words, with where it leads."""
    real = os.path.realpath(path)
    said = one_line(str(path))
    return said if real == str(path) else f"{said} (which is {one_line(real)})"


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _blobs(root: str) -> str | None:
    """Return where the files of a snapshot lie: ``REPO/snapshots/REVISION`` has ``REPO/blobs``."""
    parts = Path(root).parts
    for i in range(len(parts) - 2, 0, -1):
        if parts[i] == "snapshots":
            blobs = Path(*parts[:i], "blobs")
            return str(blobs) if blobs.is_dir() and not blobs.is_symlink() else None
    return None
