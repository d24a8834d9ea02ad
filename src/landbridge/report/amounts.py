"""How a verdict's figures are written and scaled: shares in percent, or numbers in their units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landbridge.base.formatting import quantity

from . import words
from .figures import accuracy_axis
from .read import RunFiles
from .svg import Axis, Mark, around


@dataclass(frozen=True)
class Amounts:
    """Words for figures.

    Attributes
    ----------
    percent : bool
        Whether figures are shares, and differences points.
    saves : bool
        Whether the figure is an error: a difference is then what is saved of it.
    """

    percent: bool = True
    saves: bool = False

    def value(self, value: Any) -> str:
        """0.942 -> "94.2 %"; 3.2114 -> "3.211"."""
        if self.percent:
            return words.percent(value)
        known = words.number(value)
        return words.DASH if known is None else quantity(known).replace("-", words.MINUS)

    def interval(self, mean: Any, low: Any, high: Any) -> str:
        """Write a figure with its interval."""
        if self.percent:
            return words.interval(mean, low, high)
        if words.number(low) is None or words.number(high) is None:
            return self.value(mean)
        return f"{self.value(mean)} ({self.value(low)} to {self.value(high)})"

    def signed(self, value: Any) -> str:
        """Write a difference with its sign."""
        known = words.number(value)
        if known is None:
            return words.DASH
        if self.percent:
            return words.points(known)
        text = f"{known:+.3g}".replace("-", words.MINUS)
        return "0" if known == 0 else text  # short, as the labels of an axis are

    def difference(self, diff: Mapping[str, Any] | None, unit: bool = True) -> str:
        """Write a DIFF as "+3.1 points (+1.2 to +5.0)"."""
        if self.percent:
            return words.difference(diff, unit)
        if not diff or words.number(diff.get("mean")) is None:
            return words.DASH
        text = self.signed(diff["mean"])
        if words.number(diff.get("low")) is not None and words.number(diff.get("high")) is not None:
            text += f" ({self.signed(diff['low'])} to {self.signed(diff['high'])})"
        return text

    def axis(self, marks: Sequence[Mark]) -> Axis:
        """Return a scale as wide as the marks need."""
        if self.percent:
            return accuracy_axis(marks)
        low, high = around([v for m in marks for v in (m.mean, m.low, m.high, *m.dots)])
        return Axis(max(0.0, low) if self.saves else low, high)

    @property
    def against(self) -> str:
        """How a difference is named in a column's head."""
        if self.saves:
            return "Chosen saves against this"
        return "Chosen minus this, points" if self.percent else "Chosen minus this"


def amounts(run: RunFiles) -> Amounts:
    """Return how this run's verdict is written."""
    verdict = run.get("verdict")
    return Amounts(run.target_type.metric.percent, bool(verdict.get("lower_is_better")))
