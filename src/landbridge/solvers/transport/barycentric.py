"""Mapping rows that had no part in the plan.

The plan is not needed again: either the barycentric images of the training rows (Ferradans et
al., 2014, SIAM J. Imaging Sci. 7(3)) or the target potential (Seguy et al., 2018, ICLR) is.
"""

from __future__ import annotations

import numpy as np
import torch

from .cost import centred, check_rows, mean_squared_length, row_blocks
from .sinkhorn import check_reg


def nearest_rows(x: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return the index of the nearest row in `among` (the first of equal ones) for each row of x.

    Products in float32 find the candidates; those that rounding can't tell apart are compared
    again in float64, so the answer is that of float64.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    among : ndarray, shape (m, d)

    Returns
    -------
    ndarray of int64, shape (n,)

    Examples
    --------
    >>> nearest_rows(np.array([[0.2], [2.0]]), np.array([[0.0], [1.0], [3.0]])).tolist()
    [0, 1]
    """
    rows, references = check_rows(x, among)
    mean = references.mean(0, dtype=torch.float64)
    size = mean_squared_length(references, mean) ** 0.5 or 1.0
    narrow, lengths = centred(references, mean, 1 / size, torch.float32)
    half = lengths / (2 * size**2)
    longest = float(2 * half.max()) ** 0.5
    # Bound of what float32 does to x·y − |y|²/2: products, and the sum over d of them.
    unit = 2.0**-24 * (4 + 0.5 * references.shape[1] ** 0.5) * longest
    half = half.float()
    found = np.empty(len(rows), dtype=np.int64)
    for part in row_blocks(len(rows), max(1, len(references) // 4)):
        block, own = centred(rows[part], mean, 1 / size, torch.float32)
        score = torch.addmm(half, block, narrow.T, beta=-1)
        reach = unit * (2 * own.sqrt() / size + longest)
        least = (score.amax(1).double() - 2 * reach).float()
        at, candidate = np.divmod(np.flatnonzero((score >= least[:, None]).numpy()), score.shape[1])
        first = np.searchsorted(at, np.arange(len(block)))
        index = candidate[first]
        for i in np.flatnonzero(np.diff(np.append(first, len(at))) > 1):
            several = candidate[at == i]
            gap = rows[part.start + i].double() - references[several].double()
            index[i] = several[int(gap.square().sum(1).argmin())]
        found[part] = index
    return found


def displaced(x: np.ndarray, trained: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Move each new row as its nearest training row was moved.

    Parameters
    ----------
    x : ndarray, shape (k, d)
        New rows.
    trained : ndarray, shape (n, d)
        The rows that the plan was made for.
    images : ndarray, shape (n, d)
        Their barycentric images.

    Returns
    -------
    ndarray, shape (k, d)
        x + images[nearest] − trained[nearest], in the type of x.

    Examples
    --------
    >>> displaced(np.array([[1.25]]), np.array([[0.0], [1.0]]), np.array([[5.0], [7.0]])).tolist()
    [[7.25]]
    """
    kind = x.dtype if np.issubdtype(x.dtype, np.floating) else np.dtype(np.float64)
    nearest = nearest_rows(x, trained)
    out = np.empty(x.shape, dtype=kind)
    for part in row_blocks(len(x), x.shape[1], 65_536):
        move = images[nearest[part]] - trained[nearest[part]]
        np.add(x[part], move, out=out[part], casting="unsafe")
    return out


def entropic_map(
    x: np.ndarray,
    xt: np.ndarray,
    target_potential: np.ndarray,
    reg: float,
    *,
    target_weights: np.ndarray | None = None,
    normaliser: float = 1.0,
) -> np.ndarray:
    """Return the entropic map of new rows, Σⱼ wⱼ(x) xtⱼ with w = softmax over target rows.

    wⱼ(x) ∝ bⱼ exp((gⱼ − |x − xtⱼ|² / normaliser) / reg): for training rows it is the barycentric
    image (Pooladian & Niles-Weed, 2021, arXiv 2109.12004).

    Parameters
    ----------
    x : ndarray, shape (k, d)
    xt : ndarray, shape (m, d)
    target_potential : ndarray, shape (m,)
        g of the plan.
    reg : float
    target_weights : ndarray, shape (m,), optional
        b of the plan.
    normaliser : float
        What the squared distances were divided by.

    Returns
    -------
    ndarray, shape (k, d)
        In the type of x.
    """
    check_reg(reg)
    rows, target = check_rows(x, xt)
    b = np.full(len(target), 1 / len(target)) if target_weights is None else target_weights
    scale = 1 / (normaliser * reg)
    mean = target.mean(0, dtype=torch.float64)
    about = target.double() - mean
    with np.errstate(divide="ignore"):
        offset = torch.from_numpy(np.log(b) + target_potential / reg)
    offset = offset - about.square().sum(1) * scale
    reached = rows.double().sub(mean).square().sum(1)
    longest = max(float(about.square().sum(1).max()), float(reached.max()))
    largest = float(offset[offset.isfinite()].abs().max()) + 2 * scale * longest
    short = 2.0**-24 * largest < 3e-5 and len(rows) * len(target) > 250_000
    kind = torch.float32 if short else torch.float64
    narrow, offset, values = about.to(kind), offset.to(kind), target.to(kind)
    out = torch.empty(len(rows), target.shape[1], dtype=rows.dtype)
    for part in row_blocks(len(rows), max(1, len(target) // 4)):
        block = ((rows[part].double() - mean) * (2 * scale)).to(kind)
        weight = torch.softmax(torch.addmm(offset, block, narrow.T), 1)
        out[part] = torch.mm(weight, values).to(out.dtype)
    return out.numpy()
