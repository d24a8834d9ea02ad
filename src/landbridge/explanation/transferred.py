"""What a transfer changed, as a run's folder keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from ..base.typed import JsonObject
from .gains import ClassGain, Gain
from .records import MethodCheck
from .reliance import Reliance, Shortcut
from .representation import StageMove


@dataclass(frozen=True)
class Transferred:
    """What a transfer changed.

    Attributes
    ----------
    chosen : str
    reference : str
        "" where the run compares with nothing else.
    skipped : str
        Why parts were not explained; "" where they were.
    method, hidden : str
        What explains, and what becomes of hidden parts: they ...
    check : MethodCheck or None
        Of the method on a few rows that are drawn evenly.
    rows : tuple of object
        Rows whose answer changed, explained on both sides; plain values.
    fixed : int or None
        How many rows went from wrong to right; None where nobody knows.
    changed : int or None
        How many answers changed; None of numbers.
    classes : tuple of ClassGain
    features : tuple of Gain
    target, source : tuple of Reliance
        What the chosen method's answers rest on.
    whole_rows, source_rows : int
        By how many rows of a side, drawn evenly.
    shortcuts : tuple of Shortcut
    stages : tuple of StageMove
    stages_from : str
        What the stages are compared with.
    directed : bool
    """

    chosen: str
    reference: str
    skipped: str = ""
    method: str = ""
    hidden: str = ""
    check: MethodCheck | None = None
    rows: tuple[JsonObject, ...] = ()
    fixed: int | None = None
    changed: int | None = None
    classes: tuple[ClassGain, ...] = ()
    features: tuple[Gain, ...] = ()
    target: tuple[Reliance, ...] = ()
    source: tuple[Reliance, ...] = ()
    whole_rows: int = 0
    source_rows: int = 0
    shortcuts: tuple[Shortcut, ...] = ()
    stages: tuple[StageMove, ...] = ()
    stages_from: str = ""
    directed: bool = False

    def to_json(self) -> JsonObject:
        """Return plain values, as ``explained.json`` holds them."""
        listed = {
            name: [one.to_json() for one in getattr(self, name)]
            for name in ("classes", "features", "target", "source", "shortcuts", "stages")
        }
        check = None if self.check is None else self.check.to_json()
        return dict(self.__dict__) | listed | {"rows": list(self.rows), "check": check}
