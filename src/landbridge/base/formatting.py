"""How figures are written: "94.2 % (92.9 to 95.3)", "+3.1 points", "3 classes", "1 min 15 s".

Pages have a true minus. Sentences that go into files or onto a terminal have a hyphen in its place:
`plain` puts it there, and `as_points`, `quantity` and `three_figures` have it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any, Protocol

DASH = "–"
MINUS = "−"


class Bounds(Protocol):
    """A figure with its interval, such as `landbridge.metrics.intervals.Interval`."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def measured(self) -> bool: ...
    @property
    def bounded(self) -> bool: ...


def plain(text: str) -> str:
    """Return a figure as a file or a terminal has it."""
    return text.replace(MINUS, "-")


def number(value: Any) -> float | None:
    """Return a finite float, or None for everything else."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    return float(value) if math.isfinite(value) else None


def percent(value: Any, digits: int = 1) -> str:
    """Return a share in percent.

    Examples
    --------
    >>> percent(0.942), percent(0.942, 0), percent(None)
    ('94.2 %', '94 %', '–')
    """
    return DASH if number(value) is None else f"{hundredths(value, digits)} %"


def as_points(difference: float, unit: str = " points") -> str:
    """Return a difference of shares in plain words: "+3.1 points"."""
    return f"{100 * difference:+.1f}{unit}"


def hundredths(share: Any, digits: int = 1) -> str:
    """0.942 -> "94.2": under a head that says that it is in percent."""
    finite = number(share)
    return DASH if finite is None else _fixed(finite * 100, digits)


def interval(share: Bounds, digits: int = 1) -> str:
    """0.942, 0.929, 0.953 -> "94.2 % (92.9 to 95.3)"."""
    said = percent(share.value, digits)
    return f"{said} ({between(share, digits)})" if share.measured and share.bounded else said


def between(share: Bounds, digits: int = 1) -> str:
    """0.929, 0.953 -> "92.9 to 95.3"."""
    return f"{hundredths(share.low, digits)} to {hundredths(share.high, digits)}"


def signed(value: Any, digits: int = 1) -> str:
    """0.031 -> "+3.1" (points of a percentage)."""
    text = hundredths(value, digits)
    return text if text[0] in (MINUS, DASH) or float(text) == 0 else f"+{text}"


def percent_tick(value: float) -> str:
    """0.05 -> "5 %", 0.025 -> "2.5 %": a place on a scale."""
    return percent(value, _decimals(value))


def points_tick(value: float) -> str:
    """0.05 -> "+5", -0.025 -> "−2.5": a place on a scale of differences."""
    return signed(value, _decimals(value))


def _decimals(value: float) -> int:
    return 0 if abs(value * 100 - round(value * 100)) < 1e-9 else 1


def difference(gap: Bounds | None, unit: bool = True) -> str:
    """Write a difference as "+3.1 points (+1.2 to +5.0)"."""
    if gap is None or not gap.measured:
        return DASH
    text = signed(gap.value) + (" points" if unit else "")
    if gap.bounded:
        text += f" ({signed(gap.low)} to {signed(gap.high)})"
    return text


def p_value(p: Any) -> str:
    """0.00002 -> "p < 0.001"."""
    finite = number(p)
    if finite is None:
        return DASH
    if finite < 0.001:
        return "p < 0.001"
    return f"p = {finite:.3f}" if finite < 0.1 else f"p = {finite:.2f}"


def figure(value: Any) -> str:
    """A number of unknown size, in four figures."""
    finite = number(value)
    if finite is None:
        return DASH
    if finite == int(finite) and abs(finite) < 1e6:
        return count(int(finite)) if abs(finite) >= 1e4 else str(int(finite)).replace("-", MINUS)
    return f"{finite:.4g}".replace("-", MINUS)


def quantity(value: float) -> str:
    """Return a number in four figures, zeros at the end as well.

    Examples
    --------
    >>> [quantity(v) for v in (18.0, 0.01234, 12345.6)]
    ['18.00', '0.01234', '12,346']
    """
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:#.4g}".rstrip(".")


def three_figures(value: float, sign: str = "") -> str:
    """Return a number in three figures: "0.420", "12.3"; with `sign` "+", "+12.3"."""
    return f"{value:{sign}#.3g}".rstrip(".")


def column(values: Sequence[Any], most: int = 4) -> list[str]:
    """Numbers of one column, all with the same decimals: as many as the most exact one needs."""
    finite = [v for v in map(number, values) if v is not None]
    if not finite:
        return [DASH] * len(values)
    room = most - len(str(int(max(abs(v) for v in finite))))
    digits = next(
        (d for d in range(max(1, room)) if all(abs(round(v, d) - v) < 1e-9 for v in finite)),
        max(0, room),
    )
    return [DASH if number(v) is None else _fixed(float(v), digits) for v in values]


def count(value: Any) -> str:
    """12345 -> "12,345", as everywhere."""
    finite = number(value)
    return DASH if finite is None else f"{round(finite):,}"


def seconds(value: Any) -> str:
    """75 -> "1 min 15 s"."""
    finite = number(value)
    if finite is None:
        return DASH
    if finite < 10:
        return f"{finite:.1f} s"
    rounded = round(finite)
    if rounded < 60:
        return f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    return f"{rounded // 3600} h {rounded % 3600 // 60} min"


def seeds(used: Sequence[int], note: str) -> str:
    """Which seeds, and what a verdict notes about them: "Seeds 0, 1 (2 seeds: as asked)"."""
    if not used:
        return note
    said = f"Seed{'s' if len(used) > 1 else ''} {', '.join(map(str, used))}"
    return f"{said} ({note})" if note else said


def size(value: Any) -> str:
    """Bytes as kB, MB or GB."""
    finite = number(value)
    if finite is None:
        return DASH
    for unit in ("bytes", "kB", "MB", "GB"):
        if finite < 1000 or unit == "GB":
            return f"{finite:.0f} {unit}" if unit == "bytes" else f"{finite:.1f} {unit}"
        finite /= 1000
    raise AssertionError


def counted(n: Any, one: str, many: str = "") -> str:
    """Return "1 class", "3 classes", "4,320 rows".

    Examples
    --------
    >>> counted(1, "class", "classes"), counted(0, "row"), counted(4320, "row")
    ('1 class', '0 rows', '4,320 rows')
    """
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def about(n: float) -> str:
    """Return a number that is an estimate, in two figures.

    Examples
    --------
    >>> about(15437), about(87.2), about(112)
    ('15,000', '87', '110')
    """
    rounded = round(n)
    keep = max(0, len(str(abs(rounded))) - 2)
    return f"{round(rounded, -keep):,}"


def shorten(text: object, most: int) -> str:
    """Cut a long text, leaving an ellipsis."""
    whole = str(text)
    return whole if len(whole) <= most else whole[: max(1, most - 1)] + "…"


def _fixed(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)
