"""Which small pictures are nearly the same: of photographs saved again, of recordings copied."""

from __future__ import annotations

import numpy as np

SIDE = 16
"""Pictures are compared at 16 × 16."""
LEAST = 0.99
"""Correlation from which two pictures are nearly the same."""
STRICT = 0.997
"""The same, where different pictures are as alike as that by nature (handwritten digits)."""
_BY_NATURE = 0.01
_ASKED = 1000
_FLAT = 2.0
_KEPT = 12
_CANDIDATES = 8


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


def alike(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return pairs (row of ours, row of theirs) whose correlation says that they are the same.

    Candidates are the nearest on the twelve directions in which pictures differ most; there no two
    are further apart than they are, so a tree finds them without comparing all with all. Where one
    in a hundred of theirs has such a neighbour among theirs that is not the same picture, it takes
    more to be alike.

    Parameters
    ----------
    ours, theirs : float32 ndarray (n, d), (m, d)
        As of `unit_rows`.

    Returns
    -------
    int64 ndarray (pairs, 2)
    """
    from scipy.spatial import cKDTree

    there = np.flatnonzero(theirs.any(1))
    if not len(there) or not ours.any():
        return np.zeros((0, 2), np.int64)
    some = theirs[there[_spread(len(there), 4 * _ASKED)]].astype(np.float64)
    basis = np.linalg.eigh(some.T @ some)[1][:, -_KEPT:].astype(np.float32)
    tree = cKDTree(theirs[there] @ basis)
    asked = there[_spread(len(there), _ASKED)]
    pairs, likeness = _close(theirs, asked, theirs, there, basis, tree)
    natural = (pairs[:, 0] != pairs[:, 1]) & (likeness < 1 - 1e-4)
    least = LEAST
    if len(np.unique(pairs[natural, 0])) > _BY_NATURE * len(asked):
        least = STRICT
    pairs, likeness = _close(ours, np.flatnonzero(ours.any(1)), theirs, there, basis, tree)
    return pairs[likeness >= least]


def _spread(n: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))


def _close(
    ours: np.ndarray,
    rows: np.ndarray,
    theirs: np.ndarray,
    there: np.ndarray,
    basis: np.ndarray,
    tree: object,
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of at least `LEAST`, the nearest first for each row, and their correlation."""
    _, near = tree.query(  # type: ignore[attr-defined]
        ours[rows] @ basis,
        k=range(1, 1 + min(_CANDIDATES, len(there))),
        distance_upper_bound=np.sqrt(2 - 2 * LEAST) * 1.001,
    )
    at, place = np.nonzero(near < len(there))
    pairs = np.stack([rows[at], there[near[at, place]]], axis=1)
    likeness = np.einsum("ij,ij->i", ours[pairs[:, 0]], theirs[pairs[:, 1]])
    enough = likeness >= LEAST
    pairs, likeness = pairs[enough], likeness[enough]
    order = np.lexsort((pairs[:, 1], -likeness, pairs[:, 0]))
    return pairs[order].astype(np.int64), likeness[order]
