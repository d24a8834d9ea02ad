"""Whether two small pictures show the same: one laid on the other, cut and toned a little."""

from __future__ import annotations

import numpy as np

CLOSE = 0.99
"""Share of a picture's variance that the other one explains, from which they show the same."""
_COLOUR = (4.0, 0.2)
"""Differences of hue that saving again makes: grey values, and a share of the picture's colour."""
_HUES = 8
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_CHUNK = 512


def same_pictures(ours: np.ndarray, i: np.ndarray, theirs: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Return how much of each of ours the other of its pair explains, 0 where colours differ.

    Parameters
    ----------
    ours, theirs : ndarray (n, channels, side, side), (m, channels, side, side)
        Grey values; one channel or three, a side of a multiple of eight.
    i, j : int ndarray (k,)
        The pairs.

    Returns
    -------
    float ndarray (k,)
        1 where nothing is left over.

    Examples
    --------
    >>> wave = np.sin(np.arange(32) / 4) * np.cos(np.arange(32) / 5)[:, None]
    >>> one = np.uint8(128 + 100 * wave)[None, None]
    >>> darker = np.uint8(one * 0.7)
    >>> nought = np.zeros(1, int)
    >>> bool(same_pictures(darker, nought, one, nought)[0] > CLOSE)
    True
    """
    found = np.zeros(len(i))
    for first in range(0, len(i), _CHUNK):
        part = slice(first, first + _CHUNK)
        a, b = ours[i[part]].astype(np.float32), theirs[j[part]].astype(np.float32)
        found[part] = explained(grey(a), grey(b)) * _same_hues(a, b)
    return found


def explained(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return the share of variance of ours (k, side, side) that theirs explain.

    By least squares on the other's grey, its square (a curve of tones) and its slopes times 1, x
    and y, which stand for a small shift, cut, stretch and turn (Lucas and Kanade, 1981, IJCAI).
    """
    k, side = len(ours), ours.shape[-1]
    grey = theirs - theirs.mean((1, 2), keepdims=True)
    grey /= np.maximum(grey.std((1, 2), keepdims=True), 1e-6)
    down, across = np.gradient(grey, axis=(1, 2))
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    terms = [grey, grey * grey, down, down * x, down * y, across, across * x, across * y]
    by = np.stack(terms, axis=-1).reshape(k, side * side, -1)
    by -= by.mean(1, keepdims=True)
    left = ours.reshape(k, -1, 1) - ours.mean((1, 2)).reshape(k, 1, 1)
    gram = (by.transpose(0, 2, 1) @ by).astype(np.float64)
    amount = np.trace(gram, axis1=1, axis2=2)[:, None, None]
    gram += 1e-5 * np.maximum(amount, 1e-6) * np.eye(gram.shape[1])
    weights = np.linalg.solve(gram, (by.transpose(0, 2, 1) @ left).astype(np.float64))
    rest = ((left - by @ weights.astype(np.float32)) ** 2).sum((1, 2))
    return np.asarray(1 - rest / np.maximum((left**2).sum((1, 2)), 1e-6))


def grey(pictures: np.ndarray) -> np.ndarray:
    """Return (n, height, width) of (n, channels, height, width), as grey copies are made."""
    return np.asarray(
        pictures[:, 0] if pictures.shape[1] == 1 else pictures.transpose(0, 2, 3, 1) @ _LUMA
    )


def _same_hues(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Say of pictures (k, 3, side, side) whether colours go together; grey goes with all."""
    if ours.shape[1] != 3:
        return np.ones(len(ours), bool)
    a, b = _hues(ours), _hues(theirs)
    gain = np.clip((a * b).sum(1) / np.maximum((b * b).sum(1), 1e-6), 0.5, 2)[:, None]
    apart, own, other = (np.sqrt((v * v).mean(1)) for v in (a - gain * b, a, b))
    grey = (np.abs(a).max(1) < 1) | (np.abs(b).max(1) < 1)
    return np.asarray(grey | (apart <= _COLOUR[0] + _COLOUR[1] * np.maximum(own, other)))


def _hues(pictures: np.ndarray) -> np.ndarray:
    """Return red and blue less green, on 8 × 8."""
    k, side = len(pictures), pictures.shape[-1] // _HUES
    hues = pictures[:, [0, 2]] - pictures[:, 1:2]
    return np.asarray(hues.reshape(k, 2, _HUES, side, _HUES, side).mean((3, 5)).reshape(k, -1))
