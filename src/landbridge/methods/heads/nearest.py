"""Nearest neighbours: the one nearest row (for published protocols), or as many as do best."""

from __future__ import annotations

import numpy as np

from ...base.seeds import numpy_rng
from ...base.typed import Notes
from ..core.base import Head
from .base import HEADS

_NUMBERS = (1, 3, 5, 9, 15, 25)
_JUDGED = 2000  # rows that are enough to choose a number of neighbours by


@HEADS.register("nearest")
def fit_nearest(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    *,
    weights: np.ndarray | None = None,
    eval_mask: np.ndarray | None = None,
    seed: int = 0,
) -> Head:
    """Answer as the nearest row does, by Euclidean distance in the space as it is.

    Rows are not standardised: what is near is for the caller to say. Rows of weight 0 are left
    out, other weights do not matter. Belief is the share of right answers among rows left out.
    """
    return _fit(x, labels, n_classes, (1,), weights, eval_mask, seed)


@HEADS.register("neighbours")
def fit_neighbours(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    *,
    weights: np.ndarray | None = None,
    eval_mask: np.ndarray | None = None,
    seed: int = 0,
) -> Head:
    """Answer as most of the k nearest rows do, k by leave-one-out; votes count by weight."""
    return _fit(x, labels, n_classes, _NUMBERS, weights, eval_mask, seed)


def _fit(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    numbers: tuple[int, ...],
    weights: np.ndarray | None,
    eval_mask: np.ndarray | None,
    seed: int,
) -> Head:
    from ...inference.layers import Neighbours
    from ...solvers.nearest.neighbours import Near, nearest, vote

    asked = np.ones(len(x), dtype=bool) if eval_mask is None else eval_mask
    if weights is not None and not (weights > 0).all():
        kept = weights > 0
        x, labels, weights, asked = x[kept], labels[kept], weights[kept], asked[kept]
    k, right, left_out = numbers[0], 0.0, np.flatnonzero(asked)
    if len(left_out) > _JUDGED:
        rng = numpy_rng(seed, "neighbours head")
        left_out = np.sort(rng.choice(left_out, _JUDGED, replace=False))
    offered = [n for n in numbers if n < len(x)] or [1]
    smoothing = 1.0
    if len(x) > 1 and len(left_out):
        # One more, because each is its own nearest (or one of its copies is).
        near = nearest(x[left_out], x, min(len(x), offered[-1] + 1))
        others = _without(near.index, left_out)
        best = -np.inf
        for number in offered:
            some = others[:, :number]
            share = vote(Near(some, np.ones(some.shape)), labels, n_classes, weights=weights)
            hits = float((share.argmax(1) == labels[left_out]).sum())
            if hits > best:
                best, k = hits, number
                right = (hits + 1) / (len(left_out) + 2)
                true = share[np.arange(len(share)), labels[left_out]]
        smoothing = _smoothing(true, n_classes)
    votes = np.zeros((len(x), n_classes))
    votes[np.arange(len(x)), labels] = 1 if weights is None else weights
    counts = np.bincount(labels, minlength=n_classes)
    notes: Notes = {
        "neighbours": k,
        "loo_accuracy": right if right else float("nan"),
        "smoothing": smoothing,
        "rows": len(x),
        "missing_classes": np.flatnonzero(counts == 0).tolist(),
    }
    return Head([Neighbours(x, votes, np.array(k), np.array(smoothing))], notes)


def _without(index: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Drop each row's own number, or the last neighbour where that is not among them."""
    keep = index != own[:, None]
    keep[keep.all(1), -1] = False
    return index[keep].reshape(len(index), -1)


def _smoothing(true: np.ndarray, n_classes: int) -> float:
    """Return what makes (share + s) / (1 + s classes) of the true classes likeliest."""
    grid = np.logspace(-4, 1, 51)
    likely = np.log((true[:, None] + grid) / (1 + grid * n_classes)).sum(0)
    likely -= 0.5 * np.log10(grid / 0.1) ** 2  # a weak prior, so that few rows do not decide
    return float(grid[likely.argmax()])
