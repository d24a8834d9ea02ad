"""Two levels of folders: a class and what lies below it, or a domain and its classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...base.shown import encodable
from ..modalities.table import listed
from .base import SPLITS
from .file_names import FOLDER


@dataclass
class Levels:
    """Which folder below its class folder each file lies in.

    Attributes
    ----------
    below : list of str or None
        In the order of the files; None for one that lies in the class folder itself, or in none.
    """

    below: list[str | None] = field(default_factory=list)
    _inside: dict[str, set[str]] = field(default_factory=dict)
    _direct: bool = False

    def add(self, folder: Path, files: Sequence[Path]) -> None:
        """Remember the files of a class folder."""
        depth = len(folder.parts)
        names = [encodable(f.parts[depth]) if len(f.parts) > depth + 1 else None for f in files]
        self.below += names
        self._direct |= None in names
        self._inside.setdefault(encodable(folder.name), set()).update(n for n in names if n)

    def skip(self, n: int) -> None:
        """Remember files that lie in no class folder."""
        self.below += [None] * n

    @property
    def names(self) -> tuple[str, ...]:
        """The folders below, sorted, where they may be classes; else none.

        They may be where every labelled file lies in one and, of several upper folders, at
        least half of the names occur more than once. Splits are none.
        """
        counts = Counter(name for inside in self._inside.values() for name in inside)
        if self._direct or not counts or any(name.lower() in SPLITS for name in counts):
            return ()
        common = sum(n > 1 for n in counts.values())
        if len(self._inside) > 1 and (common < 2 or 2 * common < len(counts)):
            return ()
        return tuple(sorted(counts))

    def domains(
        self, labels: Sequence[str | None], wanted: str | None
    ) -> tuple[str | None, ...] | None:
        """Return the upper folder of each file where it is the domain, else None."""
        return tuple(labels) if wanted == FOLDER and self.names else None

    def notes(self, upper: Sequence[str | None] | None, *, asked: bool) -> list[str]:
        """Say which level is taken for classes; what could be the other, where nobody was asked."""
        if not self.names:
            return []
        above, below = listed(list(self._inside), 5), listed(list(self.names), 5)
        if upper is not None:
            return [f"two levels of folders: domains {above}; classes {below}"]
        if asked or len(self._inside) < 2:
            return []
        return [
            f"two levels of folders: classes {above}, each with {below} below; if {above} are "
            "domains, --domain folder says so, and the lower folders are the classes"
        ]
