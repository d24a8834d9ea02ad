"""What a command computed, kept until it is whole: an interrupted one goes on where it was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .errors import LandbridgeError
from .files import read_json, write_json
from .hashing import digest
from .places import cache_folder, private_folder

FORMAT = 2


class Kept:
    """Results of one call of a command in the cache, by name.

    Parameters
    ----------
    command : str
    *what : object
        Everything that results depend on.
    """

    def __init__(self, command: str, *what: Any) -> None:
        self._folder = cache_folder() / command
        self._key = digest(command, FORMAT, *what)[:24]
        self.reused = 0

    def _path(self, name: str) -> Path:
        safe = re.sub(r"[^A-Za-z0-9.-]", "_", name)
        return self._folder / f"{self._key}-{safe}.json"

    def get(self, name: str) -> Any:
        """Return what was kept; None where nothing was, or it cannot be read any more."""
        path = self._path(name)
        if not path.is_file():
            return None
        try:
            found = read_json(path)
        except LandbridgeError:
            return None
        self.reused += 1
        return found

    def put(self, name: str, value: Any) -> None:
        """Keep a result."""
        path = self._path(name)
        private_folder(path.parent)
        write_json(path, value, private=True)

    def clear(self) -> None:
        """Forget all results: the work is whole."""
        for path in self._folder.glob(f"{self._key}-*.json"):
            path.unlink(missing_ok=True)
