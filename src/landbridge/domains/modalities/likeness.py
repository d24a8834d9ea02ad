"""Which small pictures are nearly the same: of photographs saved again, of recordings copied."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...base.evenly import evenly
from .nature import ASKED, PICTURES
from .registration import CLOSE, same_pictures

SIDE = 16
"""Pictures are compared at 16 × 16 first."""
_CORRELATED = (0.995, 0.999)
"""From which two such pictures are nearly the same, where there is no closer look; and the same
where different pictures are as alike as that by nature (handwritten digits)."""
_LOOKED_AT = (0.96, 0.99)
"""Instead, where there is one: what copies that were cut or brightened keep, by nature likewise."""
_SHARED = (CLOSE, 0.997)
"""And then."""
_FLAT = 2.0
_KEPT = 12
_CANDIDATES = 8
_TRIED = 3
"""Of the candidates, the likest of each row, are looked at closely."""

Look = Callable[[np.ndarray], np.ndarray]
"""From rows to pictures of them as `registration` takes them, (k, channels, side, side)."""


def unit_rows(pictures: np.ndarray) -> np.ndarray:
    """Return pictures less their mean, at length 1; 0 where they are flat: like no other.

    Parameters
    ----------
    pictures : ndarray (n, d)
        Grey values, 0 to 255.
    """
    centred = pictures.astype(np.float32)
    centred -= centred.mean(1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    flat = length < _FLAT * np.sqrt(centred.shape[1])
    return np.where(flat, 0.0, centred / np.maximum(length, 1e-6)).astype(np.float32)


def alike(
    ours: np.ndarray, theirs: np.ndarray, look: tuple[Look, Look] | None = None
) -> np.ndarray:
    """Return pairs (row of ours, row of theirs) that show the same.

    Candidates are the nearest on the twelve directions in which pictures differ most; there no two
    are further apart than they are, so a tree finds them without comparing all with all. Where
    there is a way to look at them, they are laid on each other (`registration`). Where three in a
    thousand of theirs have such a neighbour among theirs that is not the same picture, it takes
    more to be alike.

    Parameters
    ----------
    ours, theirs : float32 ndarray (n, d), (m, d)
        As of `unit_rows`.
    look : (callable, callable), optional
        Pictures of rows of ours, and of theirs. Without them the correlation decides.
    Returns
    -------
    int64 ndarray (pairs, 2)
    """
    there = np.flatnonzero(theirs.any(1))
    if not len(there) or not ours.any():
        return np.zeros((0, 2), np.int64)
    among = _Among(theirs, there)
    least = _CORRELATED if look is None else _LOOKED_AT
    asked = there[evenly(len(there), ASKED)]
    pairs, likeness = among.close(theirs, asked, least[0])
    others = (pairs[:, 0] != pairs[:, 1]) & (likeness < 1 - 1e-4)
    pairs = _first(pairs[others], 1)
    if look is not None:
        pairs = _same(pairs, (look[1], look[1]), _SHARED[0])
    by_nature = PICTURES.near(len(np.unique(pairs[:, 0])), len(asked))
    pairs, _ = among.close(ours, np.flatnonzero(ours.any(1)), least[by_nature])
    return pairs if look is None else _same(_first(pairs, _TRIED), look, _SHARED[by_nature])


def _first(pairs: np.ndarray, most: int) -> np.ndarray:
    """Return the first few pairs of each row; a row's pairs stand together."""
    starts = np.unique(pairs[:, 0], return_index=True, return_inverse=True)
    return pairs[np.arange(len(pairs)) - starts[1][starts[2]] < most]


def _same(pairs: np.ndarray, look: tuple[Look, Look], least: float) -> np.ndarray:
    """Return the pairs that explain each other so far, the likest of a row first."""
    if not len(pairs):
        return pairs
    seen = []
    for column, pictures in enumerate(look):
        rows, place = np.unique(pairs[:, column], return_inverse=True)
        seen.append((pictures(rows), place))
    (ours, i), (theirs, j) = seen
    shared = same_pictures(ours, i, theirs, j)
    order = np.lexsort((pairs[:, 1], -shared, pairs[:, 0]))
    return pairs[order[shared[order] >= least]]


class _Among:
    """Finds the nearest of some unit rows."""

    def __init__(self, theirs: np.ndarray, there: np.ndarray) -> None:
        from scipy.spatial import cKDTree

        some = theirs[there[evenly(len(there), 4 * ASKED)]].astype(np.float64)
        self.basis = np.linalg.eigh(some.T @ some)[1][:, -_KEPT:].astype(np.float32)
        self.theirs, self.there = theirs, there
        self.tree = cKDTree(theirs[there] @ self.basis)

    def close(
        self, ours: np.ndarray, rows: np.ndarray, least: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return pairs that correlate so far, the nearest first for each row, and how far."""
        _, near = self.tree.query(
            ours[rows] @ self.basis,
            k=range(1, 1 + min(_CANDIDATES, len(self.there))),
            distance_upper_bound=np.sqrt(2 - 2 * least) * 1.001,
        )
        at, place = np.nonzero(near < len(self.there))
        pairs = np.stack([rows[at], self.there[near[at, place]]], axis=1)
        likeness = np.einsum("ij,ij->i", ours[pairs[:, 0]], self.theirs[pairs[:, 1]])
        enough = likeness >= least
        pairs, likeness = pairs[enough], likeness[enough]
        order = np.lexsort((pairs[:, 1], -likeness, pairs[:, 0]))
        return pairs[order].astype(np.int64), likeness[order]
