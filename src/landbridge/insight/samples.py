"""Examples to look at beside what a model says of them, as JSON can hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from ..base.formatting import shorten
from .changes import png_data_uri

SHOWN = 12
"""How many examples a short report shows."""
_LARGEST = 320
_LONGEST = 400
"""Letters of one value."""


class Sample(TypedDict):
    """An example on a page: pictures with what they show, lines of name and value."""

    name: str
    pictures: list[list[str]]
    lines: list[list[Any]]
    right: bool | None


def sample(
    name: str,
    *,
    pictures: Iterable[tuple[np.ndarray, str]] = (),
    lines: Iterable[tuple[str, Any]] = (),
    right: bool | None = None,
    largest: int = _LARGEST,
) -> Sample:
    """Return one example: pictures with what they show, and what goes in, is true and is said.

    `right` says whether the answer is right, where that can be said; `largest` is the longest side
    of a picture in pixels.
    """
    return {
        "name": name,
        "pictures": [[png_data_uri(image, largest), what] for image, what in pictures],
        "lines": [[key, _short(value)] for key, value in lines],
        "right": right,
    }


def wrong_and_right(scores: Sequence[float], most: int = SHOWN) -> list[int]:
    """Return which examples to show: the worst half, then evenly among the others.

    The higher a score, the better the answer.
    """
    order = np.argsort(np.asarray(scores, float), kind="stable")
    if len(order) <= most:
        return [int(i) for i in order]
    half = most // 2
    rest = order[half:]
    spread = np.linspace(0, len(rest) - 1, most - half).round().astype(int)
    return [int(i) for i in (*order[:half], *rest[spread])]


def first_values(values: Mapping[str, Any], most: int = 6) -> list[tuple[str, Any]]:
    """Return what examples say of themselves, the first few of it."""
    found = [(str(key), value) for key, value in values.items() if value is not None]
    more = [("", f"and {len(found) - most} more")] if len(found) > most else []
    return [*found[:most], *more]


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return shorten(text, _LONGEST)
