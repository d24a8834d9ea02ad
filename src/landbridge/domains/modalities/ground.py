"""The grey that transparent parts are laid on, so that what is drawn can be told from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

WHITE = 255
GROUNDS = (WHITE, 0, 128)
"""Tried in this order: the first on which fewest images lose what is drawn."""
_NAMES = {255: "white", 0: "black", 128: "grey"}
_LEAST = 0.1
"""Share of the contrast of an image's alpha that has to be left on its ground."""


def ground_for(hidden: Sequence[Sequence[bool]], other: int | None) -> tuple[int, list[str]]:
    """Return the grey for all transparent images of a data set, and what there is to say.

    Parameters
    ----------
    hidden : sequence of list of bool
        Of some images: what `hidden_on` says of each.
    other : int or None
        What the other side's, or the run's, were laid on.
    """
    lost = np.array(hidden).sum(0)
    if other is not None:
        if not lost[0]:
            return other, []
        return other, [
            f"{lost[0]:,} of {len(hidden):,} transparent images are nearly blank on "
            f"{_NAMES.get(other, other)}, on which the other side's are laid: give both sides a "
            "background"
        ]
    if not lost[0]:
        return WHITE, []
    best = int(lost.argmin())
    said = (
        f"{lost[0]:,} of {len(hidden):,} transparent images would be blank on white: "
        f"transparent parts of all are laid on {_NAMES[GROUNDS[best]]}"
    )
    if lost[best]:
        said += f", where {lost[best]:,} are still nearly blank"
    return GROUNDS[best], [said]


def hidden_on(pixels: np.ndarray, stated: int | None = None) -> list[bool]:
    """Return for each of `GROUNDS`, or for the stated one, whether what is drawn is lost on it.

    Parameters
    ----------
    pixels : uint8 ndarray, shape (h, w, 4)
    """
    step = max(1, int(np.sqrt(pixels.shape[0] * pixels.shape[1] / 1_000_000)))
    colour = pixels[::step, ::step, :3].astype(np.float32)
    alpha = pixels[::step, ::step, 3:].astype(np.float32) / 255
    least = _LEAST * 255 * float(alpha.std())
    return [
        bool((alpha * colour + (1 - alpha) * ground).std((0, 1)).max() < least)
        for ground in (GROUNDS if stated is None else (stated,))
    ]
