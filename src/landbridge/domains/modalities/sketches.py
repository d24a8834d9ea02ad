"""Sixty-four bytes of a row, by which a later copy that is nearly the same is known again."""

from __future__ import annotations

import numpy as np

from ...base.evenly import evenly
from .likeness import alike
from .nature import ASKED, SKETCHES
from .registration import grey

_SIDE = 16
_WAVES = 8
_FLAT = 32.0
MINIMA = 32
_SHARED = 24
_LEAST_RUNS = 6
_PROJECTIONS = 8
_APART = 0.025
"""How far projections of rows differ whose numbers are within a hundredth of their spread."""
_FAR = 2.0
"""So many times as far apart rows are looked at, to know whether they are near by nature."""
_MOST_ALIKE = 50


def picture_sketches(pictures: np.ndarray) -> np.ndarray:
    """Return the 63 slowest waves of pictures (n, channels, height, width), int8 (n, 64).

    Examples
    --------
    >>> one = np.uint8(255 * np.random.default_rng(0).random((1, 3, 40, 40)))
    >>> picture_sketches(one).shape
    (1, 64)
    """
    seen = grey(pictures.astype(np.float32))
    down, across = _waves(seen.shape[1]), _waves(seen.shape[2])
    waves = (down @ seen @ across.T).reshape(len(seen), _WAVES**2)
    waves[:, 0] = 0  # how bright it is on the whole
    most = np.maximum(np.abs(waves).max(1, keepdims=True), 1e-6)
    flat = np.linalg.norm(waves, axis=1, keepdims=True) < _FLAT
    return np.where(flat, 0, np.rint(waves / most * 127)).astype(np.int8)


def _waves(length: int) -> np.ndarray:
    """Return (waves, length): a cosine transform of the means of `_SIDE` equal stretches."""
    edges = np.linspace(0, length, _SIDE + 1)
    pixels = np.arange(length)
    stretch = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    means = np.maximum(stretch, 0) * _SIDE / length
    cosines = np.cos(np.pi * (np.arange(_SIDE) + 0.5) * np.arange(_WAVES)[:, None] / _SIDE)
    cosines *= np.sqrt(2 / _SIDE)
    cosines[0] /= np.sqrt(2)
    return np.asarray(cosines @ means, np.float32)


def minima_sketch(runs: np.ndarray) -> np.ndarray:
    """Return the least of 32 hashes of a set of numbers, uint16 (32,); 0 where it is small."""
    if len(runs) < _LEAST_RUNS:
        return np.zeros(MINIMA, np.uint16)
    mixed = runs.astype(np.uint64) + _SEEDS  # splitmix64 (Steele et al., 2014, OOPSLA)
    for shift, odd in _MIXES:
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(odd)
    least = (mixed ^ (mixed >> np.uint64(31))).min(1)
    return (least % np.uint64(65521) + np.uint64(1)).astype(np.uint16)


_SEEDS = (np.arange(MINIMA, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))[:, None]
_MIXES = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def projection_sketches(numbers: np.ndarray) -> np.ndarray:
    """Return rows of standardised numbers (n, d) along eight directions, float16 (n, 8)."""
    d = numbers.shape[1]
    directions = np.random.default_rng(d).choice([-1.0, 1.0], (d, _PROJECTIONS)) / np.sqrt(d)
    return np.asarray(np.clip(np.asarray(numbers) @ directions, -6e4, 6e4), np.float16)


def nearly_among(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return which of our rows nearly are among theirs, bool (n,).

    Parameters
    ----------
    ours, theirs : ndarray (n, k), (m, k)
        As of one of the functions here; their type tells of which.
    """
    found = np.zeros(len(ours), bool)
    if len(ours) and len(theirs):
        ways = {"i": _by_waves, "u": _by_minima, "f": _by_projections}
        found[ways[theirs.dtype.kind](ours, theirs)] = True
    return found


def _by_projections(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    from scipy.spatial import cKDTree

    x, y = ours.astype(np.float32), theirs.astype(np.float32)
    tree = cKDTree(y)
    asked = evenly(len(y), ASKED)
    # Rows of few or coarse columns are near each other by nature: then nearness says nothing.
    apart = tree.query(y[asked], k=[2], p=np.inf, distance_upper_bound=_FAR * _APART)[0][:, 0]
    if SKETCHES.near(((apart > 0) & np.isfinite(apart)).sum(), len(asked)):
        return np.zeros(0, np.int64)
    near = tree.query(x, p=np.inf, distance_upper_bound=_APART)[1]
    return np.flatnonzero(near < len(y))


def _by_waves(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    units = []
    for sketches in (ours, theirs):
        values = sketches.astype(np.float32)
        units.append(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6))
    return alike(units[0], units[1])[:, 0]


def _by_minima(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return rows of ours that share three quarters of their minima with one of theirs."""
    ours, theirs = ours.astype(np.int64), theirs.astype(np.int64)
    pairs: dict[tuple[int, int], None] = {}
    for column in range(0, MINIMA, 2):
        bucket: dict[int, list[int]] = {}
        for j, value in enumerate((theirs[:, column] * 65536 + theirs[:, column + 1]).tolist()):
            if value:
                bucket.setdefault(value, []).append(j)
        for i, value in enumerate((ours[:, column] * 65536 + ours[:, column + 1]).tolist()):
            found = bucket.get(value, ()) if value else ()
            for j in found if len(found) <= _MOST_ALIKE else ():
                pairs[i, j] = None
    some = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    return some[(ours[some[:, 0]] == theirs[some[:, 1]]).sum(1) >= _SHARED, 0]
