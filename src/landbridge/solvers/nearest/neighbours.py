"""Exact nearest neighbours, block by block, and what they say.

Distances to all anchors are first taken in float32 by a matrix product. Whatever could be among
the k nearest, given how far rounding can take such a product, is measured again in float64 from
the rows as they came; so the answer is the exact one, at the product's speed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from ..rows import matmul_setting, product

_BLOCK = 1 << 22  # numbers in a block of distances
_GATHER = 1 << 22  # numbers in a block of rows that are measured again

Metric = Literal["euclidean", "cosine"]


@dataclass(frozen=True)
class Near:
    """The nearest anchors of each row, nearest first; of equally near ones the first given.

    Attributes
    ----------
    index : ndarray of int64, shape (m, k)
    distance : ndarray of float64, shape (m, k)
        Euclidean, or 1 − cosine (1 for a row of zeros).
    """

    index: np.ndarray
    distance: np.ndarray


def nearest(
    rows: np.ndarray,
    anchors: np.ndarray,
    k: int,
    *,
    metric: Metric = "euclidean",
    leave_out: bool = False,
) -> Near:
    """Return each row's k nearest anchors.

    Parameters
    ----------
    rows : ndarray, shape (m, d)
    anchors : ndarray, shape (n, d)
    k : int
        At most n.
    metric : {"euclidean", "cosine"}
    leave_out : bool
        `rows` are the anchors themselves, and none is its own neighbour; then k is at most n − 1.

    Returns
    -------
    Near

    Raises
    ------
    ValueError
        Where shapes disagree, k is out of range or a value is not finite.

    Notes
    -----
    2 m n d operations; memory: a float32 copy of both, and 16 MB.

    Examples
    --------
    >>> near = nearest(np.array([[0.9]]), np.array([[0.0], [1.0], [1.0], [3.0]]), 3)
    >>> near.index.tolist(), near.distance.round(3).tolist()
    ([[1, 2, 0]], [[0.1, 0.1, 0.9]])
    """
    rows, anchors = np.asarray(rows), np.asarray(anchors)
    if rows.ndim != 2 or anchors.ndim != 2 or rows.shape[1] != anchors.shape[1]:
        raise ValueError(f"shapes {rows.shape} and {anchors.shape} do not fit together")
    if leave_out and len(rows) != len(anchors):
        raise ValueError("leave_out needs the anchors themselves as rows")
    if not 1 <= k <= len(anchors) - leave_out:
        raise ValueError(f"k must lie between 1 and {len(anchors) - leave_out}, got {k}")
    if metric not in ("euclidean", "cosine"):
        raise ValueError(f"unknown metric {metric!r}")
    if metric == "cosine":
        rows, anchors = _unit(rows), _unit(anchors)
    with torch.no_grad(), matmul_setting():
        return _search(rows, anchors, k, metric == "cosine", leave_out)


def vote(
    near: Near,
    labels: np.ndarray,
    n_classes: int,
    *,
    weighting: Literal["uniform", "distance"] = "uniform",
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Return the share of each class among the neighbours.

    Parameters
    ----------
    near : Near
    labels : ndarray of int, shape (n,)
        Of the anchors.
    n_classes : int
    weighting : {"uniform", "distance"}
        "distance": each neighbour counts 1 / distance; where some are at distance 0, they alone.
    weights : ndarray, shape (n,), optional
        Of the anchors. Where all neighbours of a row weigh 0 each class has the same share.

    Returns
    -------
    ndarray, shape (m, n_classes)
        Rows sum to 1.

    Examples
    --------
    >>> near = Near(np.array([[0, 1, 2]]), np.array([[1.0, 1.0, 2.0]]))
    >>> vote(near, np.array([0, 1, 1]), 2, weighting="distance").tolist()
    [[0.4, 0.6]]
    """
    say = np.ones(near.index.shape)
    if weighting == "distance":
        touching = near.distance == 0
        with np.errstate(divide="ignore", over="ignore"):
            say = 1 / near.distance
        some = touching.any(1)
        say[some] = touching[some]
        # Distances so small that 1 / distance overflows count as none.
        wild = ~np.isfinite(say).all(1)
        say[wild] = ~np.isfinite(say[wild])
    elif weighting != "uniform":
        raise ValueError(f"unknown weighting {weighting!r}")
    if weights is not None:
        say = say * np.asarray(weights, dtype=np.float64)[near.index]
    out = np.zeros((len(say), n_classes))
    lines = np.broadcast_to(np.arange(len(say))[:, None], say.shape)
    np.add.at(out, (lines, np.asarray(labels)[near.index]), say)
    total = out.sum(1, keepdims=True)
    out[total[:, 0] == 0] = 1
    return out / out.sum(1, keepdims=True)


def _search(rows: np.ndarray, anchors: np.ndarray, k: int, cosine: bool, leave_out: bool) -> Near:
    m, n, d = len(rows), len(anchors), anchors.shape[1]
    centre = np.zeros(d) if cosine else anchors.mean(0, dtype=np.float64)
    scale = _scale(anchors, centre)
    short_rows, short_anchors = _short(rows, centre, scale), _short(anchors, centre, scale)
    if not (np.isfinite(short_rows).all() and np.isfinite(short_anchors).all()):
        raise ValueError("rows or anchors hold values that are not finite (NaN or infinite)")
    square = np.einsum("ij,ij->i", short_anchors, short_anchors)
    # ‖a‖² − 2 x·a in one product: [−2a, ‖a‖²] · [x, 1]. For cosines −2 x·a.
    left = np.concatenate([-2 * short_anchors, np.zeros_like(square[:, None])], axis=1)
    if not cosine:
        left[:, -1] = square
    anchors_t = torch.from_numpy(left.T)
    length = np.sqrt(np.einsum("ij,ij->i", short_rows, short_rows, dtype=np.float64))
    longest = float(np.sqrt(square.max()))
    # A product of d terms errs by some √d ulps of the lengths; centring by one ulp of each.
    unsure = (8 + 2 * np.sqrt(d)) * np.finfo(np.float32).eps * longest * (2 * length + longest)
    groups = min(n, max(64, 16 * k))
    size = -(-n // groups)
    index, distance = np.empty((m, k), dtype=np.int64), np.empty((m, k))
    step = max(1, _BLOCK // n)
    for start in range(0, m, step):
        part = slice(start, min(m, start + step))
        ones = np.ones((part.stop - start, 1), dtype=np.float32)
        joined = torch.from_numpy(np.concatenate([short_rows[part], ones], axis=1))
        rough = product(joined, anchors_t)
        if leave_out:
            here = torch.arange(start, part.stop)
            rough[here - start, here] = torch.inf
        # The k-th smallest of the groups' minima is no less than the k-th smallest of all.
        whole = n // size * size
        least = rough[:, :whole].reshape(len(rough), -1, size).amin(2)
        if whole < n:
            least = torch.cat([least, rough[:, whole:].amin(1, keepdim=True)], dim=1)
        if least.shape[1] < k:
            least = rough
        limit = least.kthvalue(k, dim=1).values + torch.from_numpy(2 * unsure[part]).float()
        mine, theirs = (rough <= limit[:, None]).nonzero(as_tuple=True)
        index[part], distance[part] = _ranked(
            rows[part], anchors, mine.numpy(), theirs.numpy(), k, cosine
        )
    return Near(index, distance)


def _ranked(
    rows: np.ndarray,
    anchors: np.ndarray,
    mine: np.ndarray,
    theirs: np.ndarray,
    k: int,
    cosine: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Measure pairs (sorted by row) in float64, and keep the k nearest of each row."""
    exact = np.empty(len(mine))
    step = max(1, _GATHER // max(1, rows.shape[1]))
    for start in range(0, len(mine), step):
        part = slice(start, start + step)
        x = rows[mine[part]].astype(np.float64)
        a = anchors[theirs[part]].astype(np.float64)
        if cosine:
            exact[part] = 1 - np.einsum("ij,ij->i", x, a)
        else:
            x -= a
            exact[part] = np.sqrt(np.einsum("ij,ij->i", x, x))
    if cosine:
        np.maximum(exact, 0, out=exact)
    order = np.lexsort((theirs, exact, mine))
    first = np.searchsorted(mine, np.arange(len(rows)))  # lexsort keeps each row's place
    best = order[first[:, None] + np.arange(k)]
    return theirs[best], exact[best]


def _scale(anchors: np.ndarray, centre: np.ndarray) -> float:
    """Return the root mean square of the centred anchors, so that no square overflows."""
    total = 0.0
    for start in range(0, len(anchors), 4096):
        total += float(np.square(anchors[start : start + 4096] - centre).sum())
    return float(np.sqrt(total / max(1, anchors.size))) or 1.0


def _short(values: np.ndarray, centre: np.ndarray, scale: float) -> np.ndarray:
    out = np.empty(values.shape, dtype=np.float32)
    for start in range(0, len(values), 4096):
        part = slice(start, start + 4096)
        out[part] = (values[part] - centre) / scale
    return out


def _unit(values: np.ndarray) -> np.ndarray:
    """Return rows of length 1 in float64; a row of zeros stays."""
    wide = values.astype(np.float64)
    length = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    length[length == 0] = 1
    wide /= length[:, None]
    return wide
