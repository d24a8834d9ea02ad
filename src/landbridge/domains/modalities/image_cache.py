"""Decoded images on disk: a uint8 array that an interrupted run goes on with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from ...base.events import Events
from ...base.stored import stored_array


def cached_rows(
    path: Path,
    shape: tuple[int, ...],
    chunks: Callable[[int], Iterable[np.ndarray]],
    *,
    events: Events,
    bar: Events,
) -> np.ndarray:
    """Return the decoded images kept at `path`, as `stored_array` does.

    Parameters
    ----------
    path : Path
        The finished ``.npy`` file.
    shape : tuple of int
        Of the whole array, rows first.
    chunks : callable
        Given a first row, yields uint8 blocks of rows from there to the end.
    events, bar : Events
        Hear what is reused or made anew; hear the progress.

    Returns
    -------
    uint8 ndarray
        A read-only memory map.
    """
    return stored_array(
        path,
        shape,
        np.uint8,
        chunks,
        what="decoded images",
        again="decoded",
        events=events,
        bar=bar,
        label="decode images",
    )
