"""Points in the plane: one drawing for every page; ``scatter.js`` makes it zoom and answer.

The coordinates are in the drawing alone, eight bytes a point, so a page without scripts has it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from markupsafe import Markup

from landbridge.base import formatting as fmt

from .svg import Plane, drawing, text, ticks

HUES = 12
"""Colours in ``style.css``; beyond these they come again."""
_FINE = 2
"""Points lie on a grid of half a unit of the drawing, as ``scatter.js`` knows."""
_EDGE = 14.0


@dataclass(frozen=True)
class Series:
    """Points that look alike."""

    name: str
    x: Sequence[float] | np.ndarray
    y: Sequence[float] | np.ndarray
    color: str = "target"
    """A variable of ``style.css``."""
    diamond: bool = False
    """Open diamonds, as a source has; discs otherwise."""


@dataclass(frozen=True)
class Axes:
    """Two scales; without them both directions have the same unit, and no names."""

    x: tuple[float, float]
    y: tuple[float, float]
    """The ends of each."""
    x_name: str
    y_name: str
    ideal: tuple[tuple[float, float], tuple[float, float]]
    """The ends of a dashed line on which points would best lie."""


def scatter(
    series: Sequence[Series],
    label: str,
    *,
    id: str,
    width: float = 760.0,
    height: float = 520.0,
    radius: float = 3.0,
    opacity: float = 0.75,
    axes: Axes | None = None,
    numbers: bool = False,
) -> Markup:
    """Return a drawing of points, series by series.

    No other drawing on the page may have its `id`; `label` says what it shows to those who do not
    see it. With `numbers` the number of each series, from 1, stands in its middle. A coordinate
    that is not finite is a `ValueError`.
    """
    where = [np.stack([np.asarray(s.x, float), np.asarray(s.y, float)], axis=1) for s in series]
    if not all(np.isfinite(points).all() for points in where):
        raise ValueError("a point has no place")
    body, placed = _equal(where, width, height) if axes is None else _scaled(where, axes, width)
    shapes, lines = [], []
    for i, (one, points) in enumerate(zip(series, placed, strict=True)):
        body_of = (
            '<path d="M0-1.3 1.3 0 0 1.3-1.3 0Z" fill="none" stroke="currentColor" '
            'stroke-width=".4"/>'
            if one.diamond
            else '<circle r="1" fill="currentColor"/>'
        )
        shapes.append(
            f'<marker id="{id}-{i}" markerUnits="userSpaceOnUse" markerWidth="{4 * radius * _FINE}"'
            f' markerHeight="{4 * radius * _FINE}" viewBox="-2 -2 4 4" overflow="visible" '
            f'style="color:var(--{one.color})" opacity="{opacity}">{body_of}</marker>'
        )
        grid = np.round(points * _FINE).astype(int)
        lines.append(
            f'<polyline points="{" ".join(f"{x},{y}" for x, y in grid)}" '
            f'style="marker:url(#{id}-{i})" data-name="{escape(one.name, quote=True)}" '
            f'data-color="{one.color}" data-shape="{"diamond" if one.diamond else "disc"}"/>'
        )
    body += [f"<defs>{''.join(shapes)}</defs>"]
    body += [f'<g class="marks" fill="none" transform="scale({1 / _FINE})">{"".join(lines)}</g>']
    if numbers:
        body += [_number(i, points) for i, points in enumerate(placed) if len(points)]
    kind = "scatter" if axes is None else "figure fits"
    return drawing(body, label, height=height, width=width, css=kind)


def _equal(
    where: list[np.ndarray], width: float, height: float
) -> tuple[list[str], list[np.ndarray]]:
    """Place points so that all are in sight and both directions have the same unit."""
    points = np.concatenate([*where, np.zeros((0, 2))])
    if not len(points):
        return [], where
    low, high = points.min(0), points.max(0)
    size = np.array([width, height])
    unit = ((size - 2 * _EDGE) / np.maximum(high - low, 1e-9)).min()
    return [], [size / 2 + (own - (low + high) / 2) * unit * [1, -1] for own in where]


def _scaled(
    where: list[np.ndarray], axes: Axes, width: float
) -> tuple[list[str], list[np.ndarray]]:
    """Draw both scales, and place points on them."""
    side = width - 68.0
    plane = Plane(56.0, 10.0, side, side, axes.x, axes.y)
    across, up = ([(v, fmt.figure(v)) for v in ticks(*ends, 5)] for ends in (axes.x, axes.y))
    body = plane.frame(across, up, (axes.x_name, axes.y_name))
    body.append(plane.line(*axes.ideal[0], *axes.ideal[1], "zero"))
    return body, [np.stack(plane.at(*own.T), axis=1) for own in where]


def _number(i: int, points: np.ndarray) -> str:
    """Write a number at the point nearest to the median, which alone may lie in another group."""
    nearest = points[int(np.square(points - np.median(points, axis=0)).sum(1).argmin())]
    return text(i + 1, f"{nearest[0]:.1f}", nearest[1] + 5, class_="group-number")
