"""The little that all drawings share: scales, ticks, escaped text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from markupsafe import Markup

from landbridge.metrics.intervals import Interval


@dataclass(frozen=True)
class Axis:
    """A horizontal scale in percent of the width, so that drawings stretch and text does not.

    The two ends keep `margin` percent free, for marks that lie on the border.
    """

    low: float
    high: float
    margin: float = 2.0

    def at(self, value: float) -> float:
        """Return where a value lies, in percent of the width."""
        span = (self.high - self.low) or 1.0
        share = min(1.0, max(0.0, (value - self.low) / span))
        return round(self.margin + share * (100 - 2 * self.margin), 1)

    def ticks(self, most: int = 6) -> list[float]:
        """Return round values inside the scale."""
        return ticks(self.low, self.high, most)


@dataclass(frozen=True)
class Mark:
    """One estimate: its mean, its interval, and the estimates it is the mean of."""

    mean: float | None
    low: float | None = None
    high: float | None = None
    dots: Sequence[float] = field(default_factory=tuple)
    kind: str = "chosen"
    """"chosen" draws a disc, everything else a diamond."""

    @classmethod
    def of(cls, found: Interval, dots: Sequence[float] = (), kind: str = "chosen") -> Mark:
        """Return the mark of a figure with its interval, as far as they are known."""
        low, high = (found.low, found.high) if found.bounded else (None, None)
        return cls(found.value if found.measured else None, low, high, dots, kind)


@dataclass(frozen=True)
class Plane:
    """A rectangle of a drawing with two scales; y grows upwards."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    """The ends of each scale."""

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point lies in the drawing."""
        across = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1.0)
        up = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1.0)
        return self.left + across * self.width, self.top + (1 - up) * self.height

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> str:
        """Return a line between two points."""
        (a, b), (c, d) = self.at(x1, y1), self.at(x2, y2)
        return line(f"{a:.1f}", b, f"{c:.1f}", d, css)

    def frame(
        self, x: Sequence[tuple[float, str]], y: Sequence[tuple[float, str]], names: Sequence[str]
    ) -> list[str]:
        """Draw the rectangle, lines at ticks with what is written there, and the scales' names."""
        across, up = (f'width="{self.width:g}"', f'height="{self.height:g}"')
        body = [f'<rect x="{self.left:g}" y="{self.top:g}" {across} {up} class="panel"/>']
        under, middle = self.top + self.height, {"class_": "tick", "text_anchor": "middle"}
        for value, said in x:
            body.append(self.line(value, self.y[0], value, self.y[1], "grid"))
            body.append(text(said, f"{self.at(value, 0)[0]:.1f}", under + 16, **middle))
        for value, said in y:
            at = self.at(0, value)[1] + 4
            body.append(self.line(self.x[0], value, self.x[1], value, "grid"))
            body.append(text(said, f"{self.left - 6:g}", at, class_="tick", text_anchor="end"))
        half, turned = self.left + self.width / 2, self.top + self.height / 2
        body.append(text(names[0], f"{half:g}", under + 34, **middle))
        turn = f"rotate(-90 12 {turned:g})"
        return [*body, text(names[1], "12", turned, **middle, transform=turn)]


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return at most about `most` round values between low and high."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


def around(
    values: Sequence[float | None], pad: float = 0.08, floor: float = 0.0
) -> tuple[float, float]:
    """Return a range that holds all values with some air, no narrower than `floor`."""
    finite = [v for v in values if v is not None and math.isfinite(v)]
    if not finite:
        return 0.0, 1.0
    low, high = min(finite), max(finite)
    air = max((high - low) * pad, (floor - (high - low)) / 2, 1e-9)
    return low - air, high + air


def text(content: object, x: str, y: float, **attributes: object) -> str:
    """Return a text element with escaped content."""
    return f'<text x="{x}" y="{y:.4g}"{_attributes(attributes)}>{escape(str(content))}</text>'


def line(x1: str, y1: float, x2: str, y2: float, css: str) -> str:
    """Return a line element."""
    return f'<line x1="{x1}" y1="{y1:.4g}" x2="{x2}" y2="{y2:.4g}" class="{css}"/>'


def drawing(
    body: list[str], label: str, *, height: float, width: float | None = None, css: str = ""
) -> Markup:
    """Return a whole drawing: as wide as its place, or in its own proportions with `width`."""
    name = escape(label, quote=True)
    if width is None:
        frame = f'width="100%" height="{height:g}"'
    else:
        frame = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    return Markup(
        f'<svg {frame} class="{css}" role="img" aria-label="{name}">{"".join(body)}</svg>'
    )


def _attributes(attributes: dict[str, object]) -> str:
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for name, value in attributes.items()
    )
