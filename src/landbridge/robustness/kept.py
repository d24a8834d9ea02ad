"""What was computed, kept until a test is whole: an interrupted one goes on where it was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..base.errors import LandbridgeError
from ..base.files import read_json, write_json
from ..base.hashing import digest
from ..base.places import cache_folder, private_folder

FORMAT = 2


class Kept:
    """Results of one test in the cache, by name.

    Parameters
    ----------
    *what : object
        Everything that results depend on.
    """

    def __init__(self, *what: Any) -> None:
        self._key = digest("stress", FORMAT, *what)[:24]
        self.reused = 0

    def _path(self, name: str) -> Path:
        safe = re.sub(r"[^A-Za-z0-9.-]", "_", name)
        return cache_folder() / "stress" / f"{self._key}-{safe}.json"

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
        """Forget all results: the test is whole."""
        for path in (cache_folder() / "stress").glob(f"{self._key}-*.json"):
            path.unlink(missing_ok=True)
