"""Estimates with their intervals: the verdict's line, comparisons, bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from landbridge.metrics.intervals import Interval

from .svg import Axis, Mark, drawing, line, text
from .units import SHARES, Units

_MIDDLE = {"text_anchor": "middle"}


def verdict_line(gap: Interval | None, outcome: str, units: Units = SHARES) -> Markup | None:
    """Draw the difference and its interval against the line of no difference."""
    if gap is None or not (gap.measured and gap.bounded):
        return None
    mean, low, high = gap.value, gap.low, gap.high
    reach = max(abs(low), abs(high), 0.01 if units.percent else 1e-12) * 1.25
    # zero stays visible with some room on its far side
    left = min(low * 1.2, -reach * 0.3) if low < 0 else -reach * 0.3
    right = max(high * 1.2, reach * 0.3) if high > 0 else reach * 0.3
    axis = Axis(left, right)
    y = 53  # the words stand above it
    zero = f"{axis.at(0):g}%"
    body = [
        f'<rect y="22" width="{zero}" height="50" class="side worse"/>',
        f'<rect x="{zero}" y="22" width="{100 - axis.at(0):g}%" height="50" class="side better"/>',
        text("worse", "1%", 34, class_="side-word"),
        text("better", "99%", 34, text_anchor="end", class_="side-word"),
        line(zero, 18, zero, 76, "zero"),
        text("no difference", zero, 12, class_="tick", **_MIDDLE),
    ]
    for tick in axis.ticks(6):
        x = f"{axis.at(tick):g}%"
        body.append(line(x, 70, x, 75, "axis"))
        body.append(text(units.signed(tick), x, 90, class_="tick", **_MIDDLE))
    kind = {"helped": "good", "hurt": "bad"}.get(outcome, "unsure")
    body.append(_whisker(axis, low, high, y, kind, cap=9))
    body.append(f'<circle cx="{axis.at(mean):g}%" cy="{y}" r="7" class="dot {kind}"/>')
    crossing = "crosses" if low <= 0 <= high else "does not cross"
    said = units.difference(gap)
    label = f"Difference {said}; its 95 % interval {crossing} the line of no difference"
    return drawing(body, label, height=96, css="track verdict-line")


def estimate(
    axis: Axis, marks: Sequence[Mark], label: str, height: float = 30, zero: bool = False
) -> Markup:
    """Draw estimates on one row of a comparison; `zero` marks the line of no difference."""
    body = [_grid(axis, height)]
    if zero:
        body.append(line(f"{axis.at(0):g}%", 0, f"{axis.at(0):g}%", height, "zero"))
    step = height / (len(marks) + 1)
    for i, mark in enumerate(marks):
        y = step * (i + 1)
        if mark.low is not None and mark.high is not None:
            body.append(_whisker(axis, mark.low, mark.high, y, mark.kind, cap=4))
        spread = (
            [0.0] if len(mark.dots) == 1 else [((k % 3) - 1) * 3.0 for k in range(len(mark.dots))]
        )
        for dot, off in zip(mark.dots, spread, strict=True):
            body.append(f'<circle cx="{axis.at(dot):g}%" cy="{y + off:g}" r="2.2" class="seed"/>')
        if mark.mean is not None:
            body.append(_point(axis, mark.mean, y, mark.kind))
    return drawing(body, label, height=height, css="track")


def scale(axis: Axis, write: Callable[[float], str]) -> Markup:
    """Draw the tick labels beneath rows of estimates."""
    ticks = [f'<text x="{axis.at(tick):g}%" y="13">{write(tick)}</text>' for tick in axis.ticks()]
    body = f'<g class="tick" text-anchor="middle">{"".join(ticks)}</g>'
    return drawing([body], "scale", height=18, css="track")


def bar(share: float, label: str, css: str = "bar") -> Markup:
    """Draw one horizontal bar, as long as a share of its place."""
    body = [
        f'<rect x="0" y="3" width="{max(0.0, min(1.0, share)) * 100:.2f}%" height="10" rx="2" '
        f'class="{css}"/>'
    ]
    return drawing(body, label, height=16, css="track")


def signed_bar(value: float, most: float, label: str) -> Markup:
    """Draw a bar from the middle of its place: to the right over 0, to the left below."""
    share = min(1.0, abs(value) / most) if most > 0 else 0.0
    left = 50.0 if value >= 0 else 50.0 - 50 * share
    css = "speaks-for" if value >= 0 else "speaks-against"
    body = [
        line("50%", 0, "50%", 16, "axis"),
        f'<rect x="{left:.2f}%" y="3" width="{50 * share:.2f}%" height="10" rx="2" class="{css}"/>',
    ]
    return drawing(body, label, height=16, css="track")


def _grid(axis: Axis, height: float) -> str:
    at = [f"{axis.at(tick):g}%" for tick in axis.ticks()]
    lines = "".join(f'<line x1="{x}" x2="{x}" y2="{height:g}"/>' for x in at)
    return f'<g class="grid">{lines}</g>'


def _whisker(axis: Axis, low: float, high: float, y: float, kind: str, cap: float) -> str:
    x1, x2, top, under = f"{axis.at(low):g}%", f"{axis.at(high):g}%", f"{y - cap:g}", f"{y + cap:g}"
    return (
        f'<g class="interval {kind}"><line x1="{x1}" y1="{y:g}" x2="{x2}" y2="{y:g}"/>'
        f'<line x1="{x1}" y1="{top}" x2="{x1}" y2="{under}"/>'
        f'<line x1="{x2}" y1="{top}" x2="{x2}" y2="{under}"/></g>'
    )


def _point(axis: Axis, value: float, y: float, kind: str) -> str:
    x = f"{axis.at(value):g}%"
    if kind == "chosen":
        return f'<circle cx="{x}" cy="{y:g}" r="5.5" class="dot chosen"/>'
    return f'<svg x="{x}" y="{y:g}"><path d="M0-5.5 5.5 0 0 5.5-5.5 0Z" class="dot {kind}"/></svg>'
