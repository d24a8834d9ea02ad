"""A score over sizes or severities: one small drawing for each attack and corruption."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ..report.svg import Plane, around, drawing, line, text, ticks
from ..report.units import Units
from .records import SIDES, Level, Tested

_WIDTH, _HEIGHT, _LEFT = 230, 150, 40


def curve(test: Tested, clean: Sequence[float | None], units: Units) -> Markup:
    """Draw the score of both models from no change on; levels are equally far apart.

    Parameters
    ----------
    test : Tested
    clean : sequence of float
        Without any change, of each side; None where there is none.
    units : Units
    """
    lines = [
        [first, *_values(test.levels, side)]
        for side, first in zip(SIDES, clean, strict=True)
        if first is not None and None not in _values(test.levels, side)
    ]
    values = [value for own in lines for value in own if value is not None]
    span = (0.0, 1.0) if units.percent else around(values)
    plane = Plane(_LEFT, 24, _WIDTH - _LEFT - 10, _HEIGHT - 48, (0, len(test.levels)), span)
    body = [text(test.name, f"{_LEFT}", 14, class_="panel-title")]
    for tick in (0.0, 0.5, 1.0) if units.percent else ticks(*span, 4):
        at = plane.at(0, tick)[1]
        body.append(line(f"{_LEFT}", at, f"{_WIDTH - 10}", at, "grid"))
        said = units.tick(tick)
        body.append(text(said, f"{_LEFT - 5}", at + 3.5, class_="tick", text_anchor="end"))
    under = _HEIGHT - 8
    body.append(text("none", f"{_LEFT}", under, class_="tick"))
    last = test.levels[-1].said
    body.append(text(last, f"{_WIDTH - 10}", under, class_="tick", text_anchor="end"))
    if test.at:
        places = [i for i, level in enumerate(test.levels, 1) if level.said == test.at]
        for i in places:
            x = f"{plane.at(i, span[0])[0]:.1f}"
            body.append(line(x, 24, x, _HEIGHT - 24, "zero"))
            if i not in (0, len(test.levels)):
                body.append(text(test.at, x, under, class_="tick", text_anchor="middle"))
    ends = []
    for order, own in reversed(list(enumerate(lines))):
        points = [plane.at(i, float(v)) for i, v in enumerate(own) if v is not None]
        path = " ".join(f"{x:.1f} {y:.1f}" for x, y in points)
        body.append(f'<path d="M{path}" class="curve-line s{order}"/>')
        mark = "chosen" if order == 0 else "baseline"
        for across, up in points:
            body.append(f'<circle cx="{across:.1f}" cy="{up:.1f}" r="2.6" class="dot {mark}"/>')
        before, after = own[0], own[-1]
        ends.append(f"from {units.value(before)} to {units.value(after)}")
    label = f"{test.name}: {'; the reference '.join(reversed(ends))}"
    return drawing(body, label, height=_HEIGHT, width=_WIDTH, css="figure curve")


def _values(levels: Sequence[Level], side: str) -> list[float | None]:
    found: list[float | None] = []
    for level in levels:
        own = getattr(level.score, side)
        found.append(None if own is None else own.value)
    return found
