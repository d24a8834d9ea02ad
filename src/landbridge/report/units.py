"""How a verdict's figures are written and scaled: shares in percent, or numbers in their units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from landbridge.base import formatting as fmt
from landbridge.metrics.intervals import Interval

from .svg import Axis, Mark, around


@dataclass(frozen=True)
class Units:
    """Words for figures."""

    percent: bool = True
    """Whether figures are shares, and differences points."""
    saves: bool = False
    """Whether the figure is an error: a difference is then what is saved of it."""

    def value(self, value: Any) -> str:
        """0.942 -> "94.2 %"; 3.2114 -> "3.211"."""
        if self.percent:
            return fmt.percent(value)
        finite = fmt.number(value)
        return fmt.DASH if finite is None else fmt.quantity(finite).replace("-", fmt.MINUS)

    def tick(self, value: float) -> str:
        """Write a place on a scale, shortly."""
        return fmt.percent_tick(value) if self.percent else fmt.figure(value)

    def interval(self, figure: Interval) -> str:
        """Write a figure with its interval."""
        if self.percent:
            return fmt.interval(figure)
        said = self.value(figure.value)
        if not figure.bounded:
            return said
        return f"{said} ({self.value(figure.low)} to {self.value(figure.high)})"

    def signed(self, value: Any) -> str:
        """Write a difference with its sign."""
        finite = fmt.number(value)
        if finite is None:
            return fmt.DASH
        if self.percent:
            return fmt.points_tick(finite)
        text = f"{finite:+.3g}".replace("-", fmt.MINUS)
        return "0" if finite == 0 else text  # short, as the labels of an axis are

    def difference(self, gap: Interval | None, unit: bool = True) -> str:
        """Write a difference as "+3.1 points (+1.2 to +5.0)"."""
        if self.percent or gap is None:
            return fmt.difference(gap, unit)
        text = self.signed(gap.value)
        if gap.bounded:
            text += f" ({self.signed(gap.low)} to {self.signed(gap.high)})"
        return text

    def axis(self, marks: Sequence[Mark], zero: bool = False) -> Axis:
        """Return a scale as wide as the marks need; with `zero` it holds no difference."""
        values = [v for m in marks for v in (m.mean, m.low, m.high, *m.dots)]
        if zero:
            return Axis(*around([0.0, *values], 0.12))
        low, high = around(values, floor=0.04 if self.percent else 0.0)
        if self.percent:
            return Axis(max(0.0, low), min(1.0, high))
        return Axis(max(0.0, low) if self.saves else low, high)

    @property
    def against(self) -> str:
        """How a difference is named in a column's head."""
        if self.saves:
            return "Chosen saves against this"
        return "Chosen minus this, points" if self.percent else "Chosen minus this"


SHARES = Units()
