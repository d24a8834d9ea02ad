"""What regions of a picture are called: where they are, and their colour where that tells more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

_ACROSS = ("left", "centre", "right")
_DOWN = ("top", "centre", "bottom")
_COLOURS = {
    "black": (15, 15, 15),
    "dark grey": (70, 70, 70),
    "grey": (128, 128, 128),
    "light grey": (190, 190, 190),
    "white": (245, 245, 245),
    "red": (200, 40, 40),
    "orange": (235, 140, 40),
    "yellow": (230, 215, 60),
    "green": (60, 150, 60),
    "dark green": (30, 70, 35),
    "turquoise": (60, 180, 175),
    "blue": (50, 90, 200),
    "dark blue": (25, 35, 90),
    "light blue": (150, 190, 230),
    "violet": (130, 60, 160),
    "pink": (235, 150, 180),
    "brown": (120, 75, 40),
    "beige": (215, 190, 155),
}
_GREYS = 5
"""The first of the colours, which are all that a picture without colour has."""


def middles(labels: np.ndarray) -> np.ndarray:
    """Return the middle of each region, (regions, 2): how far down and across, 0 to 1."""
    height, width = labels.shape
    down, across = np.mgrid[0:height, 0:width]
    flat = labels.ravel()
    counts = np.bincount(flat)
    return np.stack(
        [
            np.bincount(flat, (down.ravel() + 0.5) / height) / counts,
            np.bincount(flat, (across.ravel() + 0.5) / width) / counts,
        ],
        axis=1,
    )


def places(labels: np.ndarray) -> tuple[str, ...]:
    """Return where the middle of each region is: one of nine places.

    Examples
    --------
    >>> places(np.array([[0, 0, 1, 1], [0, 0, 1, 1]]))
    ('centre left', 'centre right')
    """
    found = []
    for down, across in middles(labels):
        row, column = (_DOWN[min(2, int(3 * down))], _ACROSS[min(2, int(3 * across))])
        found.append(row if row == column else f"{row} {column}")
    return tuple(found)


def colour(rgb: Sequence[float]) -> str:
    """Return the word for a colour.

    Examples
    --------
    >>> colour([250, 250, 250]), colour([30, 30, 80]), colour([100])
    ('white', 'dark blue', 'grey')
    """
    given = np.asarray(rgb, float)
    among = list(_COLOURS)[: _GREYS if len(given) == 1 else None]
    table = np.array([_COLOURS[name] for name in among], float)
    return among[int(((table - given) ** 2).sum(1).argmin())]


def names_of(labels: np.ndarray, picture: np.ndarray) -> tuple[str, ...]:
    """Return a name for each region of a picture, no two the same.

    A place, its colour where regions share the place, and how far across and down where they share
    that as well.

    Examples
    --------
    >>> picture = np.array([[0, 255, 0, 0, 0, 0]], np.uint8)
    >>> names_of(np.array([[0, 1, 2, 2, 3, 3]]), picture)
    ('centre left, black', 'centre left, white', 'centre', 'centre right')
    """
    pixels = np.asarray(picture, float).reshape(*labels.shape, -1)[..., :3]
    flat, n = labels.ravel(), int(labels.max()) + 1
    means = [
        np.bincount(flat, own.ravel(), n) / np.bincount(flat) for own in np.moveaxis(pixels, -1, 0)
    ]
    found = list(places(labels))
    with_colour = [
        f"{place}, {colour(rgb)}" for place, rgb in zip(found, np.stack(means, 1), strict=True)
    ]
    exact = [f"{round(100 * x)} % across, {round(100 * y)} % down" for y, x in middles(labels)]
    for more in (with_colour, [f"{a} ({b})" for a, b in zip(with_colour, exact, strict=True)]):
        shared = {name for name, count in Counter(found).items() if count > 1}
        found = [b if a in shared else a for a, b in zip(found, more, strict=True)]
    return numbered(found)


def numbered(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of which none comes twice.

    Examples
    --------
    >>> numbered(["top", "top", "left"])
    ('top', 'top, 2', 'left')
    """
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}, {seen[name]}")
    return tuple(found)
