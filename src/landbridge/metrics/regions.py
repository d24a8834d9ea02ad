"""Regions and boxes in images: mean intersection over union, mean average precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

IGNORED = 255
"""Pixels of a mask that count for nothing."""
LEVELS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
RECALLS = np.linspace(0, 1, 101)


def overlap_counts(predicted: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """Return pixels that are in both, and in either, by class: int (2 · classes,).

    Parameters
    ----------
    predicted, truth : int ndarray (h, w)
        A class each; `IGNORED` in `truth` counts for nothing.
    classes : int
    """
    keep = truth != IGNORED
    said, there = predicted[keep], truth[keep]
    both = np.bincount(there[said == there], minlength=classes)
    either = np.bincount(said, minlength=classes) + np.bincount(there, minlength=classes) - both
    return np.concatenate([both[:classes], either[:classes]])


def mean_iou(counts: np.ndarray) -> float:
    """Return the mean over classes of both / either, of summed counts; classes not there left out.

    Examples
    --------
    >>> mean_iou(np.array([1, 0, 2, 0]))
    0.5
    """
    both, either = counts.reshape(2, -1)
    there = either > 0
    return float((both[there] / either[there]).mean()) if there.any() else 1.0


@dataclass(frozen=True)
class Boxes:
    """The boxes of one image.

    Attributes
    ----------
    corners : float ndarray (n, 4)
        Left, top, right, bottom.
    kinds : int ndarray (n,)
    scores : float ndarray (n,)
        Of predicted ones; not read of true ones.
    """

    corners: np.ndarray
    kinds: np.ndarray
    scores: np.ndarray


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each pair of boxes, (n, m)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inside = np.clip(high - low, 0, None).prod(-1)
    areas = [np.clip(x[:, 2:] - x[:, :2], 0, None).prod(-1) for x in (a, b)]
    union = areas[0][:, None] + areas[1][None] - inside
    return np.asarray(np.where(union > 0, inside / np.maximum(union, 1e-12), 0.0))


@dataclass(frozen=True)
class Matches:
    """What of one image's boxes of one class was found, at each level of overlap.

    Attributes
    ----------
    scores : float ndarray (n,)
        Falling.
    right : bool ndarray (levels, n)
    there : int
        True boxes.
    """

    scores: np.ndarray
    right: np.ndarray
    there: int


def matched(predicted: Boxes, truth: Boxes, kind: int, most: int = 100) -> Matches:
    """Match predicted boxes with true ones, surest first, each true one once (COCO)."""
    mine = np.flatnonzero(predicted.kinds == kind)
    mine = mine[np.argsort(-predicted.scores[mine], kind="stable")][:most]
    theirs = np.flatnonzero(truth.kinds == kind)
    right = np.zeros((len(LEVELS), len(mine)), bool)
    if len(mine) and len(theirs):
        overlap = box_iou(predicted.corners[mine], truth.corners[theirs])
        for level, least in enumerate(LEVELS):
            free = np.ones(len(theirs), bool)
            for i in range(len(mine)):
                own = np.where(free, overlap[i], -1.0)
                best = len(own) - 1 - int(own[::-1].argmax())  # of equals the last, as COCO takes
                if own[best] >= least:
                    free[best], right[level, i] = False, True
    return Matches(predicted.scores[mine], right, len(theirs))


def average_precision(parts: Sequence[Matches]) -> np.ndarray:
    """Return the average precision of one class at each level, (levels,); NaN without a true box.

    Precision at 101 recalls, each the best at that recall or a higher one (Lin et al., 2014).
    """
    there = sum(part.there for part in parts)
    if not there:
        return np.full(len(LEVELS), np.nan)
    scores = np.concatenate([part.scores for part in parts])
    order = np.argsort(-scores, kind="mergesort")
    right = np.concatenate([part.right for part in parts], axis=1)[:, order]
    found = right.cumsum(1)
    precision = found / np.arange(1, right.shape[1] + 1)
    recall = found / there
    result = np.zeros(len(LEVELS))
    for level in range(len(LEVELS)):
        best = np.maximum.accumulate(precision[level][::-1])[::-1]
        place = np.searchsorted(recall[level], RECALLS, side="left")
        inside = place < len(best)
        result[level] = (
            np.where(inside, best[np.minimum(place, len(best) - 1)], 0).mean() if len(best) else 0.0
        )
    return result


def mean_average_precision(images: Sequence[Sequence[Matches]]) -> float:
    """Return the mean over classes and levels (COCO's mAP) of images' matches by class."""
    if not images:
        return 0.0
    found = np.stack(
        [average_precision([image[k] for image in images]) for k in range(len(images[0]))]
    )
    there = ~np.isnan(found).all(1)
    return float(found[there].mean()) if there.any() else 0.0
