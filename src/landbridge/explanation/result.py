"""All that explaining a run on some data gives."""

from __future__ import annotations

from dataclasses import dataclass

from ..base.formatting import counted
from ..base.typed import JsonObject
from .concepts import Concept
from .records import MethodCheck, RowExplanation
from .reliance import Reliance, Shortcut
from .representation import StageMove


@dataclass(frozen=True)
class Explanations:
    """Why a run answers as it does.

    Attributes
    ----------
    data : str
        What the rows are of.
    run_method, reference : str
        The method of the run, and that of the model its verdict compares with ("" for none).
    method, reason : str
        What explains, and why that.
    summary : str
        What the method is, in words.
    hidden : str
        What becomes of hidden parts: they ...
    unit : str
        What scores are counted in.
    checks : tuple of MethodCheck
        The method's first, over all rows that are shown; of others on a few.
    misfits : tuple of (str, str)
        Methods that cannot explain such rows, and why.
    rows : tuple of RowExplanation
    whole : tuple of Reliance
        What answers rest on over the whole data.
    whole_rows : int
        By how many rows, drawn evenly.
    concepts : tuple of Concept
        Of images: what regions of these rows have in common.
    source : tuple of Reliance
        The same of the source, where it can be read.
    source_rows : int
    shortcuts : tuple of Shortcut
    directed : bool
        Whether scores say what raises and lowers answers, not what speaks for and against them.
    stages : tuple of StageMove
        How far the transfer moved each stage of the backbone.
    notes : tuple of str
    """

    data: str
    run_method: str
    reference: str
    method: str
    reason: str
    summary: str
    hidden: str
    unit: str
    checks: tuple[MethodCheck, ...]
    misfits: tuple[tuple[str, str], ...]
    rows: tuple[RowExplanation, ...]
    whole: tuple[Reliance, ...] = ()
    whole_rows: int = 0
    source: tuple[Reliance, ...] = ()
    source_rows: int = 0
    shortcuts: tuple[Shortcut, ...] = ()
    stages: tuple[StageMove, ...] = ()
    notes: tuple[str, ...] = ()
    directed: bool = False
    concepts: tuple[Concept, ...] = ()

    @property
    def check(self) -> MethodCheck:
        """Of the method that explains."""
        return self.checks[0]

    @property
    def failed(self) -> int:
        """How many rows' explanations are no better than a random order."""
        return sum(not row.check.passed for row in self.rows)

    def sentence(self) -> str:
        """Say whether explanations can be relied on."""
        n = len(self.rows)
        rows = counted(n, "row")
        if not self.check.passed:
            return f"Explanations of {rows} by {self.method} are not to be relied on: " + "; ".join(
                self.check.problems
            )
        good = f"{n - self.failed} of {rows}"
        return f"{self.method} explains {good} better than chance: its checks passed"

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {
            "data": self.data,
            "sentence": self.sentence(),
            "relied_on": self.check.passed,
            "method": self.method,
            "reason": self.reason,
            "hidden": self.hidden,
            "unit": self.unit,
            "directed": self.directed,
            "checks": [one.to_json() for one in self.checks],
            "misfits": dict(self.misfits),
            "rows": [row.to_json() for row in self.rows],
            "whole": [one.to_json() for one in self.whole],
            "whole_rows": self.whole_rows,
            "concepts": [one.to_json() for one in self.concepts],
            "source": [one.to_json() for one in self.source],
            "source_rows": self.source_rows,
            "shortcuts": [one.to_json() for one in self.shortcuts],
            "stages": [one.to_json() for one in self.stages],
            "notes": list(self.notes),
        }
