"""Weighted sums over Gaussian Gram matrices, the common core of the MMD family.

MMD, joint MMD and local MMD are all Σ_ij W_ij K(x_i, x_j) over the rows of both domains together,
with different W and K. One product of the rows with themselves gives all distances; where the
widths are 1, 2, 4, ... times one another, one exponential gives all kernels, as each narrower one
is the square of the wider one before. The gradient is written down and not recorded op by op.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from .rows import shares

WIDTHS = (-3, -2, -1, 0, 1)
"""Exponents k of the widths 2^k · γ: those of the published DAN and JAN code."""


def squared_distances(rows: torch.Tensor) -> torch.Tensor:
    """Return ‖x_i − x_j‖² of (n, d) rows: (n, n), at least 0, 0 on the diagonal."""
    rows = rows - rows.mean(0)  # a common offset would cost the product its digits
    square = torch.linalg.vecdot(rows, rows)
    found = torch.addmm(square[:, None] + square, rows, rows.T, alpha=-2)
    return found.clamp_(min=0).fill_diagonal_(0)


def median_square(distances: torch.Tensor) -> torch.Tensor:
    """Return the (lower) median of ‖x_i − x_j‖² over the pairs of different rows.

    Parameters
    ----------
    distances : float tensor (n, n)
        As from `squared_distances`, n at least 2.

    Returns
    -------
    float tensor ()
        At least the smallest number that can be divided by, where most rows are the same.
    """
    n = len(distances)
    pairs = n * (n - 1) // 2
    # Sorted, the n zeros of the diagonal come first, and then each pair twice.
    place = n + 2 * ((pairs + 1) // 2)
    found = distances.flatten().kthvalue(place).values
    return found.clamp(min=torch.finfo(distances.dtype).tiny ** 0.5)


@lru_cache(maxsize=16)
def two_sample_weights(
    n_source: int, n_target: int, unbiased: bool, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """Return the W of MMD² for source rows followed by target rows. Only to be read.

    Parameters
    ----------
    n_source, n_target : int
        At least 1 each, at least 2 each where `unbiased`.
    unbiased : bool
        Leave pairs of a row with itself out (U-statistic); else keep them (V-statistic).
    dtype, device
        Of the weights.

    Returns
    -------
    float tensor (n, n)
    """
    side = shares(n_source, n_target, 1.0, -1.0, dtype, device)
    weights = torch.outer(side, side)
    if unbiased:
        weights[:n_source, :n_source] *= n_source / (n_source - 1)
        weights[n_source:, n_source:] *= n_target / (n_target - 1)
        weights.fill_diagonal_(0)
    return weights


@lru_cache(maxsize=16)
def _sums(exponents: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return what makes Σ_k e_k and Σ_k 2^(−k) e_k of all e from the widest on: (2, m)."""
    top = max(exponents)
    found = torch.zeros(2, top - min(exponents) + 1, dtype=dtype, device=device)
    for k in exponents:
        found[:, top - k] += torch.tensor([1.0, 2.0**-k], dtype=dtype, device=device)
    return found


def _kernel(
    distances: torch.Tensor, width: torch.Tensor | float, exponents: tuple[int, ...]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return Σ_k exp(−D / (2^k γ)) and minus its derivative in D, times γ."""
    sums = _sums(exponents, distances.dtype, distances.device)
    powers = distances.new_empty((sums.shape[1], *distances.shape))
    each = powers.unbind()
    torch.mul(distances, -(2.0 ** -max(exponents)) / width, out=each[0]).exp_()
    for wide, narrow in pairwise(each):
        torch.square(wide, out=narrow)
    total, slope = (sums @ powers.flatten(1)).view(2, *distances.shape)
    return total, slope


def plain_kernel_sum(
    layers: Sequence[torch.Tensor],
    weights: torch.Tensor,
    widths: Sequence[float],
    exponents: Sequence[Sequence[int]],
) -> torch.Tensor:
    """Return `kernel_sum` as it is written, to test against."""
    product = torch.ones_like(weights)
    for rows, width, ks in zip(layers, widths, exponents, strict=True):
        distances = (rows[:, None] - rows).square().sum(2)
        product = product * sum(torch.exp(-distances / (2.0**k * width)) for k in ks)
    return (weights * product).sum()


class _KernelSum(torch.autograd.Function):
    """Σ_ij W_ij Π_l Σ_k exp(−D^l_ij / (2^k γ_l)) of symmetric W, with gradients in the rows.

    D_ij = |x_i|² + |x_j|² − 2 x_i·x_j, so with the symmetric G = W ∘ ∂K/∂D the gradient is
    4 (diag(G 1) − G) x.
    """

    @staticmethod
    def forward(ctx: Any, weights: torch.Tensor, plan: Any, *layers: torch.Tensor) -> torch.Tensor:
        kernels, grams = [], []
        for rows, (width, exponents) in zip(layers, plan, strict=True):
            distances = squared_distances(rows)
            if width is None:
                width = median_square(distances)
            elif isinstance(width, torch.Tensor):
                width = width.to(rows.dtype)
            kernel, slope = _kernel(distances, width, exponents)
            kernels.append(kernel)
            grams.append(slope.mul_(weights / width))  # −G, but for the other layers' kernels
        for index, gram in enumerate(grams):
            for other, kernel in enumerate(kernels):
                if other != index:
                    gram.mul_(kernel)
            gram.diagonal().sub_(gram.sum(1))
        ctx.save_for_backward(*layers, *grams)
        product = kernels[0]
        for kernel in kernels[1:]:
            product = product * kernel
        return torch.dot(weights.flatten(), product.flatten())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        saved = ctx.saved_tensors
        layers, grams = saved[: len(saved) // 2], saved[len(saved) // 2 :]
        scale = 4 * grads[0]
        out = [
            (gram * scale) @ rows if needed else None
            for rows, gram, needed in zip(layers, grams, ctx.needs_input_grad[2:], strict=True)
        ]
        return None, None, *out


def kernel_sum(
    layers: Sequence[torch.Tensor],
    weights: torch.Tensor,
    widths: Sequence[float | torch.Tensor | None],
    exponents: Sequence[Sequence[int]],
) -> torch.Tensor:
    """Return Σ_ij W_ij Π_l K_l(x^l_i, x^l_j), K_l = Σ_k exp(−‖x_i − x_j‖² / (2^k γ_l)).

    Differentiable once, in the layers; `weights` and widths are taken as given.

    Parameters
    ----------
    layers : sequence of float tensors (n, d_l)
        Rows of both domains together, single or double precision.
    weights : float tensor (n, n)
        Symmetric.
    widths : sequence of float, tensor () or None
        γ_l, a squared distance; None for the median over the pairs of different rows.
    exponents : sequence of sequences of int
        The k of each layer's kernels.

    Returns
    -------
    float tensor ()
    """
    plan = [(w, tuple(e)) for w, e in zip(widths, exponents, strict=True)]
    return _KernelSum.apply(weights, plan, *layers)
