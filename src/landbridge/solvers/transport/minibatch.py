"""Transport between small batches, averaged: for more rows than a plan of all pairs can hold.

Each source row's image is the mean of its barycentric images over random batches (Fatras et al.,
2020, AISTATS). It is not the image under the plan of all rows: rows also meet worse partners, so
images lie nearer to the middle, the more so the smaller the batches.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .plan import Plan


def minibatch_images(
    n: int,
    xt: np.ndarray,
    solve: Callable[[np.ndarray, np.ndarray], Plan],
    rng: np.random.Generator,
    *,
    batch_size: int = 1024,
    rounds: int = 4,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of source rows, and how much of its mass each sends.

    Parameters
    ----------
    n : int
        Number of source rows.
    xt : ndarray, shape (m, d)
        Target rows.
    solve : callable
        From numbers of source rows and of target rows to a plan between them.
    rng : numpy.random.Generator
        Draws the batches.
    batch_size : int
        Rows of either side in a batch.
    rounds : int
        How often each source row takes part.

    Returns
    -------
    images : ndarray, shape (n, d)
        In the type of `xt`.
    mass : ndarray, shape (n,)
        Σⱼ Pᵢⱼ relative to an equal share: 1 for balanced plans.

    Raises
    ------
    ValueError
        Where a number is below 1.

    Examples
    --------
    >>> from landbridge.solvers.transport.cost import squared_cost
    >>> from landbridge.solvers.transport.exact import exact_transport
    >>> x = np.arange(6.0)[:, None]
    >>> images, mass = minibatch_images(
    ...     6, x, lambda rows, cols: exact_transport(squared_cost(x[rows], x[cols])).plan,
    ...     np.random.default_rng(0), batch_size=6, rounds=1
    ... )
    >>> images.ravel().round(6).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    """
    if min(n, len(xt), batch_size, rounds) < 1:
        raise ValueError(
            f"{n} and {len(xt)} rows, batch_size = {batch_size}, rounds = {rounds}: "
            "expected 1 or more of each"
        )
    m = len(xt)
    width = min(batch_size, m)
    total, sent = np.zeros((n, xt.shape[1])), np.zeros(n)
    for _ in range(rounds):
        others = rng.permutation(m)
        parts = np.array_split(rng.permutation(n), -(-n // batch_size))
        for i, part in enumerate(parts):
            chosen = others[(i * width + np.arange(width)) % m]
            plan = solve(part, chosen)
            mass = plan.marginals()[0] * len(part)
            total[part] += plan.source_images(xt[chosen]) * mass[:, None]
            sent[part] += mass
    kind = xt.dtype if np.issubdtype(xt.dtype, np.floating) else np.float64
    images = total / np.where(sent > 0, sent, 1)[:, None]
    return images.astype(kind, copy=False), sent / rounds
