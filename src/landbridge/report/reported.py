"""What a command made, and that writes a report of itself into its folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..artifacts.kinds import KINDS
from ..base.errors import RunError

if TYPE_CHECKING:
    from .page import Page


class Reported(ABC):
    """Has `report`; a class says its kind and gives its page.

    Attributes
    ----------
    kind : str
        As `landbridge.artifacts.kinds.KINDS` knows it.
    path : Path or None
        Its folder, where it is in one.
    """

    kind: ClassVar[str]
    path: Path | None

    @abstractmethod
    def page(self, folder: Path) -> Page:
        """Return what the report of a folder shows."""

    def report(self, out: Path | str | None = None) -> Path:
        """Write the report, to `out` or into the folder, and return its path.

        Raises
        ------
        RunError
            Where it is in no folder.
        """
        from .page import write_page

        if self.path is None:
            verb = KINDS.get(self.kind).verb
            raise RunError(
                f"what {verb} made was not kept in a folder, and a report is of one",
                hint=f"give {verb} out=FOLDER",
            )
        return write_page(self.page(self.path), out or self.path / "report.html")
