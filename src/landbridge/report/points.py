"""Points in the plane, coloured and numbered by group."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from markupsafe import Markup

from .svg import drawing, text

HUES = (
    *("#4477aa", "#ee6677", "#228833", "#b8860b", "#0f9fc0", "#aa3377"),
    *("#8c6d46", "#7a5cc9", "#e07b1f", "#5d7f8f", "#c2478f", "#6b8e23"),
)
"""As on a run's map; beyond these they come again, and the numbers tell groups apart."""
WIDTH, HEIGHT, EDGE = 760.0, 520.0, 16.0


def scatter(
    x: Sequence[float], y: Sequence[float], groups: Sequence[int], names: Sequence[str]
) -> Markup:
    """Return a drawing of n points, and the number of each group (from 1) in its middle.

    Parameters
    ----------
    x, y : sequence of float
    groups : sequence of int
        Index into `names`.
    names : sequence of str
    """
    where = np.stack([np.asarray(x, float), np.asarray(y, float)], axis=1)
    own = np.asarray(groups, int)
    low, high = where.min(0), where.max(0)
    scale = min((np.array([WIDTH, HEIGHT]) - 2 * EDGE) / np.maximum(high - low, 1e-9))
    middle = np.array([WIDTH, HEIGHT]) / 2
    at = middle + (where - (low + high) / 2) * scale * [1, -1]
    radius = 3.2 if len(at) < 600 else 2.4
    body = []
    for group, name in enumerate(names):
        some = at[own == group]
        circles = "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{radius}"/>' for a, b in some)
        title = f"<title>{escape(name)}: {len(some):,} points</title>"
        body.append(f'<g fill="{HUES[group % len(HUES)]}" fill-opacity=".7">{title}{circles}</g>')
    for group in range(len(names)):
        some = at[own == group]
        if len(some):
            # The point of the group nearest to its median: a median alone may lie in another group.
            centre = np.median(some, axis=0)
            best = some[int(np.square(some - centre).sum(1).argmin())]
            body.append(text(group + 1, f"{best[0]:.1f}", best[1] + 5, class_="group-number"))
    label = f"{len(at):,} points in {len(names)} groups"
    return drawing(body, label, height=HEIGHT, width=WIDTH, css="scatter")
