"""A picture in few regions of like colour (SLIC: Achanta et al., 2012, TPAMI 34)."""

from __future__ import annotations

import numpy as np

_ROUNDS = 5
_NEARNESS = 20.0
"""How much place counts beside colour (0 to 255)."""


def grid(height: int, width: int, most: int) -> tuple[int, int]:
    """Return rows and columns of at most `most` cells that are nearly square.

    Examples
    --------
    >>> grid(224, 224, 24), grid(100, 300, 24)
    ((5, 4), (3, 8))
    """
    options = [
        (rows, min(most // rows, width))
        for rows in range(1, min(most, height) + 1)
        if most // rows >= 1
    ]

    def badness(cells: tuple[int, int]) -> tuple[float, int]:
        rows, columns = cells
        ratio = abs(np.log((height / rows) / (width / columns)))
        return round(float(ratio) - 0.02 * rows * columns, 6), -rows * columns

    return min(options, key=badness)


def cells(height: int, width: int, most: int) -> np.ndarray:
    """Return the number of the grid's cell that each pixel is in, int (height, width)."""
    rows, columns = grid(height, width, most)
    down = np.minimum(np.arange(height) * rows // height, rows - 1)
    across = np.minimum(np.arange(width) * columns // width, columns - 1)
    return down[:, None] * columns + across


def superpixels(picture: np.ndarray, most: int) -> np.ndarray:
    """Return the region of each pixel, int (h, w), regions numbered from 0 without a gap.

    Parameters
    ----------
    picture : uint8 ndarray, shape (h, w) or (h, w, channels)
    most : int
        Regions at most.
    """
    height, width = int(picture.shape[0]), int(picture.shape[1])
    image = np.asarray(picture, np.float32).reshape(height, width, -1)
    labels = cells(height, width, most)
    step = max(1, int(np.sqrt(height * width / 4096)))  # regions are as good on fewer pixels
    small = image[::step, ::step]
    place = np.moveaxis(np.mgrid[0:height:step, 0:width:step], 0, -1).astype(np.float32)
    n = labels.max() + 1
    size = np.sqrt(height * width / n)
    features = np.concatenate([small, place * (_NEARNESS / size * 2)], -1)
    flat, own = features.reshape(-1, features.shape[-1]), labels[::step, ::step].ravel()
    for _ in range(_ROUNDS):
        counts = np.maximum(np.bincount(own, minlength=n), 1)
        centres = np.stack([np.bincount(own, column, minlength=n) / counts for column in flat.T], 1)
        gaps = (flat**2).sum(1)[:, None] - 2 * flat @ centres.T + (centres**2).sum(1)
        own = gaps.argmin(1)
    smaller = own.reshape(len(small), -1)
    found = smaller[np.arange(height)[:, None] // step, np.arange(width) // step]
    return np.unique(found, return_inverse=True)[1].reshape(found.shape)
