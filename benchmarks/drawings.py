"""The few marks that the pictures of docs/features.md are made of, as SVG text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

INK, MUTED, GRID = "#1b1f24", "#555b63", "#e3e5e8"
SOURCE, TARGET, GOOD, PINK = "#d55e00", "#0072b2", "#009e73", "#cc79a7"
"""Okabe and Ito's colours: told apart by colour-blind people, too."""
CLASSES = (TARGET, SOURCE, GOOD)
TEXT_WIDTH = 0.52
"""Of a letter, in font sizes, about."""


def text(
    content: str, x: float, y: float, *, size: int = 13, fill: str = MUTED, anchor: str = "start"
) -> str:
    """Return a line of text."""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}" text-anchor="{anchor}">'
        f"{escape(content)}</text>"
    )


def segments(
    start: np.ndarray, end: np.ndarray, colour: str, width: float = 1.0, opacity: float = 0.6
) -> str:
    """Return lines between points, (n, 2) each, as one path."""
    moves = "".join(
        f"M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}" for a, b in zip(start, end, strict=True)
    )
    return (
        f'<path d="{moves}" stroke="{colour}" stroke-width="{width:g}" fill="none" '
        f'opacity="{opacity:g}"/>'
    )


def discs(points: np.ndarray, colour: str, radius: float = 2.6, opacity: float = 0.75) -> str:
    """Return filled points, (n, 2), as one path of round dots."""
    moves = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points)
    return (
        f'<path d="{moves}" stroke="{colour}" stroke-width="{2 * radius:g}" '
        f'stroke-linecap="round" opacity="{opacity:g}"/>'
    )


def rings(points: np.ndarray, colour: str, radius: float = 3.2) -> str:
    """Return hollow points, (n, 2)."""
    r = f"{radius:g}"
    arc = f"a{r} {r} 0 1 0 {2 * radius:g} 0a{r} {r} 0 1 0-{2 * radius:g} 0"
    moves = "".join(f"M{x - radius:.1f} {y:.1f}{arc}" for x, y in points)
    return f'<path d="{moves}" stroke="{colour}" stroke-width="1.3" fill="none" opacity=".8"/>'


def curve(points: np.ndarray, colour: str, width: float = 2.0, dash: str = "") -> str:
    """Return a line through points, (n, 2)."""
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width:g}"'
        f'{dashed} stroke-linejoin="round"/>'
    )


def page(body: Sequence[str], width: int, height: int, label: str) -> str:
    """Return the whole drawing on white, so that it is readable on a dark page, too."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="system-ui, -apple-system, Segoe UI, Liberation Sans, '
        f'sans-serif" role="img" aria-label="{escape(label, quote=True)}">'
        f'<rect width="{width}" height="{height}" rx="6" fill="#ffffff"/>{"".join(body)}</svg>\n'
    )


def legend(entries: Sequence[tuple[str, str, str]], x: float, y: float) -> str:
    """Return marks with words in a row: (kind, colour, words), kind "disc", "ring" or "line"."""
    parts = []
    for kind, colour, words in entries:
        at = np.array([[x + 5, y - 4.5]])
        if kind == "disc":
            parts.append(discs(at, colour, 4, 1))
        elif kind == "ring":
            parts.append(rings(at, colour, 4))
        else:
            parts.append(segments(at - [5, 0], at + np.array([9, 0]), colour, 2.5, 1))
            x += 6
        parts.append(text(words, x + 15, y, size=12))
        x += 32 + TEXT_WIDTH * 12 * len(words)
    return "".join(parts)


@dataclass(frozen=True)
class Panel:
    """A rectangle of the page with a scale of its own.

    Attributes
    ----------
    left, top, width, height : float
        Of the plotting area, in the page's units.
    x, y : tuple of float
        What lies at its left and right, bottom and top.
    """

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, points: np.ndarray) -> np.ndarray:
        """Return where points (n, 2) lie on the page."""
        points = np.asarray(points, float)
        share = (points - [self.x[0], self.y[0]]) / [self.x[1] - self.x[0], self.y[1] - self.y[0]]
        return np.array([self.left, self.top + self.height]) + share * [self.width, -self.height]

    def frame(self, title: str, subtitle: str = "") -> str:
        """Return a border, a title, and a line under the title."""
        return (
            f'<rect x="{self.left:g}" y="{self.top:g}" width="{self.width:g}" '
            f'height="{self.height:g}" fill="none" stroke="{GRID}"/>'
            + text(title, self.left, self.top - (26 if subtitle else 10), size=15, fill=INK)
            + (text(subtitle, self.left, self.top - 9, size=12) if subtitle else "")
        )

    def axis_x(self, places: Sequence[tuple[float, str]], title: str = "") -> str:
        """Return grid lines with words under them, and the axis's name."""
        bottom = self.top + self.height
        parts = []
        for value, words in places:
            x = self.at([[value, self.y[0]]])[0, 0]
            parts.append(segments(np.array([[x, self.top]]), np.array([[x, bottom]]), GRID, 1, 1))
            parts.append(text(words, x, bottom + 17, size=12, anchor="middle"))
        middle = self.left + self.width / 2
        parts.append(text(title, middle, bottom + 36, size=12, anchor="middle"))
        return "".join(parts)

    def axis_y(self, places: Sequence[tuple[float, str]], title: str = "") -> str:
        """Return grid lines with words to their left; the axis's name stands above them."""
        right = self.left + self.width
        parts = []
        for value, words in places:
            y = self.at([[self.x[0], value]])[0, 1]
            parts.append(segments(np.array([[self.left, y]]), np.array([[right, y]]), GRID, 1, 1))
            parts.append(text(words, self.left - 7, y + 4, size=12, anchor="end"))
        if title:
            parts.append(
                f'<g transform="translate({self.left - 42:g} {self.top + self.height / 2:g}) '
                f'rotate(-90)">{text(title, 0, 0, size=12, anchor="middle")}</g>'
            )
        return "".join(parts)


def square(points: np.ndarray, share: float = 0.01) -> tuple[tuple[float, float], ...]:
    """Return the range of x and of y that hold all points (n, 2) but the outermost share."""
    low, high = np.quantile(points, [share, 1 - share], axis=0)
    air = 0.08 * (high - low)
    return tuple(zip((low - air).tolist(), (high + air).tolist(), strict=True))
