"""The confusion matrix, readable from 2 to 100 classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from markupsafe import Markup

from landbridge.base import formatting as fmt

from ..svg import drawing, text

MOST_CLASSES = 100
"""With more classes, those with the most mistakes are drawn."""
_CELLS = ((3, 64), (6, 44), (12, 36), (20, 27), (40, 16), (60, 13))
"""How wide a cell is, by how many classes there are at most."""


def confusion_matrix(counts: np.ndarray, classes: Sequence[str], label: str) -> Markup:
    """Draw a confusion matrix: rows are truth, each adds up to 100 %."""
    k = len(classes)
    cell = next((size for most, size in _CELLS if k <= most), 11)
    letters = 16
    font = 12 if cell >= 27 else 10.5 if cell >= 16 else 9
    longest = max((len(fmt.shorten(name, letters)) for name in classes), default=1)
    side = math.ceil(longest * font * 0.62 + 12)
    upright = longest <= 3 and k <= 20
    head = font + 10 if upright else side
    left, top = side + 20, head + 20
    width, height = left + k * cell + 8, top + k * cell + 8
    totals = counts.sum(1)
    body = [
        text(
            "answered", f"{left + k * cell / 2:g}", 12, class_="tick strong", text_anchor="middle"
        ),
        text(
            "true",
            "12",
            top + k * cell / 2,
            class_="tick strong",
            text_anchor="middle",
            transform=f"rotate(-90 12 {top + k * cell / 2:g})",
        ),
        f'<rect x="{left:g}" y="{top:g}" width="{k * cell}" height="{k * cell}" class="panel"/>',
    ]
    ends, heads = [], []
    for i, name in enumerate(classes):
        middle = (i + 0.5) * cell
        short = fmt.shorten(name, letters)
        words = escape(short) + ("" if short == name else f"<title>{escape(str(name))}</title>")
        ends.append(f'<text x="{left - 6:.0f}" y="{top + middle + font * 0.35:.0f}">{words}</text>')
        x = left + middle + font * 0.35 * (not upright)
        turn = "" if upright else f' transform="rotate(-90 {x:.0f} {top - 6:.0f})"'
        heads.append(f'<text x="{x:.0f}" y="{top - 6:.0f}"{turn}>{words}</text>')
    for names, anchor in ((ends, "end"), (heads, "middle" if upright else "start")):
        look = f'class="tick" style="font-size:{font}px" text-anchor="{anchor}"'
        body.append(f"<g {look}>{''.join(names)}</g>")
    gap = 1 if cell >= 16 else 0.5
    size = cell - 2 * gap
    cells: dict[str, list[str]] = {"right": [], "wrong": []}
    shares = []
    for i, j in zip(*np.nonzero(counts), strict=True):
        share = counts[i, j] / totals[i]
        x, y = left + j * cell, top + i * cell
        note = (
            f"{classes[i]} answered as {classes[j]}: {fmt.count(int(counts[i, j]))} "
            f"of {fmt.count(int(totals[i]))} ({fmt.percent(share)})"
        )
        # weak cells stay visible: a few mistakes are what one looks for
        strength = 0.12 + 0.88 * share if i != j else 0.08 + 0.92 * share
        cells["right" if i == j else "wrong"].append(
            f'<path d="M{x + gap:g} {y + gap:g}h{size:g}v{size:g}h-{size:g}z" '
            f'opacity="{strength:.2f}"><title>{escape(note)}</title></path>'
        )
        if cell >= 27:
            shown = f"{share * 100:.0f}" if share >= 0.005 else "&lt;1"
            strong = ' class="on"' if strength > 0.55 else ""
            shares.append(
                f'<text x="{x + cell / 2:.0f}" y="{y + cell / 2 + 4:.0f}"{strong}>{shown}</text>'
            )
    body += [f'<g class="cell {kind}">{"".join(own)}</g>' for kind, own in cells.items()]
    body.append(f'<g class="celltext" text-anchor="middle">{"".join(shares)}</g>')
    return drawing(
        body,
        label,
        height=height,
        width=width,
        css="figure matrix fits" if k <= 12 else "figure matrix",
    )


@dataclass(frozen=True)
class Confusion:
    """How often one class was answered as another, and which share of its rows that is."""

    true: str
    answered: str
    count: int
    share: float


def worst_confusions(counts: np.ndarray, classes: Sequence[str], most: int = 10) -> list[Confusion]:
    """Return the most frequent mistakes."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    totals = counts.sum(1)
    order = sorted(zip(*np.nonzero(wrong), strict=True), key=lambda ij: (-wrong[ij], ij))
    return [
        Confusion(classes[i], classes[j], int(wrong[i, j]), float(wrong[i, j] / totals[i]))
        for i, j in order[:most]
    ]


def busiest(counts: np.ndarray, classes: Sequence[str], most: int = MOST_CLASSES) -> list[int]:
    """Return which classes to draw: all, or those with the most mistakes, in their own order."""
    if len(classes) <= most:
        return list(range(len(classes)))
    wrong = counts.sum(0) + counts.sum(1) - 2 * np.diag(counts)
    return sorted(np.argsort(-wrong, kind="stable")[:most].tolist())
