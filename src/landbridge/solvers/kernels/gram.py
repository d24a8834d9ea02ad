"""Kernel matrices, Gram matrices and their roots, in torch, a block of rows at a time."""

from __future__ import annotations

import torch

_CHEAP = 5e8  # multiplications up to which Gram matrices are made in float64


def rbf(a: torch.Tensor, b: torch.Tensor | None, gamma: float) -> torch.Tensor:
    """Return exp(−gamma ‖aᵢ − bⱼ‖²) for all pairs, in the type of `a`; b = None means a itself.

    One product per block: the squared lengths ride along as two further columns. For a itself
    only the upper half is computed.
    """
    own = b is None
    centre = a.double().mean(0) if b is None else b.double().mean(0)
    left = _augmented(a, centre, gamma, True)
    right = _augmented(a if b is None else b, centre, gamma, False)
    out = torch.empty(len(left), len(right), dtype=a.dtype)
    step = 512
    for i in range(0, len(left), step):
        first = i if own else 0
        block = (left[i : i + step] @ right[first:].T).clamp_(max=0).exp_()
        out[i : i + step, first:] = block
        if own:
            out[i + step :, i : i + step] = block[:, step:].T
    if own:
        out.fill_diagonal_(1)
    return out


def side_moments(base: torch.Tensor, n_source: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the means of source and target rows (2, q), and Σ (x − mean)(x − mean)ᵀ; float64."""
    n, q = base.shape
    sums = torch.zeros(2, q, dtype=torch.float64)
    for side, part in enumerate((base[:n_source], base[n_source:])):
        for rows in blocks(part):
            sums[side] += part[rows].double().sum(0)
    mean = sums.sum(0) / n
    out = torch.zeros(q, q, dtype=torch.float64)
    short = base.dtype != torch.float64 and float(n) * q * q > _CHEAP
    for rows in blocks(base):
        part = base[rows].double() - mean
        part = part.float() if short else part
        out += part.T @ part
    return sums / torch.tensor([[n_source], [n - n_source]]), symmetric(out)


def cholesky(gram: torch.Tensor, little: float) -> torch.Tensor:
    """Return L with L Lᵀ = gram + c I, c = `little` times the trace, or more where it must be.

    Directions that no row has get a high price by that, and no row needs them.

    With Φᵀ Φ = L Lᵀ the coefficients W = U V of rows (Φ = U s Qᵀ) cost ‖V‖² for rows Φ L V.
    """
    little = little * float(torch.trace(gram)) or 1.0
    eye = torch.eye(len(gram), dtype=gram.dtype)
    while True:  # rounding can leave more below 0 than that
        root, failed = torch.linalg.cholesky_ex(gram + little * eye)
        if not failed:
            return root
        little *= 10


def rounding(base: torch.Tensor) -> float:
    """Return what to add to the diagonal of a Gram matrix of these rows, relative to its trace."""
    return 1e-12 if base.dtype == torch.float64 else 1e-7


def unit_columns(w: torch.Tensor) -> torch.Tensor:
    """Return columns of length 1 whose largest entry is positive."""
    top = w.gather(0, w.abs().argmax(0, keepdim=True))
    length = torch.linalg.vector_norm(w, dim=0) * torch.where(top < 0, -1.0, 1.0)
    return w / torch.where(length == 0, torch.ones_like(length), length)


def symmetric(matrix: torch.Tensor) -> torch.Tensor:
    """Return the symmetric part."""
    return (matrix + matrix.T) / 2


def blocks(base: torch.Tensor) -> list[slice]:
    """Return slices of rows, four million numbers in each."""
    step = max(256, 4_000_000 // max(1, base.shape[1]))
    return [slice(i, min(len(base), i + step)) for i in range(0, len(base), step)]


def _augmented(x: torch.Tensor, centre: torch.Tensor, gamma: float, left: bool) -> torch.Tensor:
    """Return rows whose products are −gamma ‖a − b‖²."""
    z = x - centre.to(x.dtype)
    square = (z * z).sum(1, keepdim=True).mul_(-gamma)
    one = torch.ones_like(square)
    if left:
        return torch.cat([z.mul_(2 * gamma), square, one], 1)
    return torch.cat([z, one, square], 1)
