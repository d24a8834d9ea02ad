"""Rows of both domains in one tensor, and the constants that only their numbers decide."""

from __future__ import annotations

from functools import lru_cache

import torch

from .base import at_least_single


def together(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return the rows of `one` followed by those of `other`, float32 or float64.

    The loop sends both domains through the network in one pass and splits what comes out. Where
    the two are just that, the whole they were split from is returned, and a copy and its
    gradient are saved.

    Parameters
    ----------
    one, other : float tensors (n_s, ...), (n_t, ...)
    """
    joint = one._base
    if (
        joint is not None
        and joint is other._base
        and joint.shape == (len(one) + len(other), *one.shape[1:])
        and joint.requires_grad == one.requires_grad == other.requires_grad  # one may be detached
        and joint.stride() == one.stride() == other.stride()
        and one.storage_offset() == joint.storage_offset()
        and other.storage_offset() == one.storage_offset() + len(one) * one.stride(0)
    ):
        return at_least_single(joint)
    return at_least_single(torch.cat([one, other]))


@lru_cache(maxsize=64)
def shares(
    n_source: int,
    n_target: int,
    source: float,
    target: float,
    dtype: torch.dtype,
    device: torch.device,
) -> torch.Tensor:
    """Return source / n_source for source rows, then target / n_target: (n,). Only to be read."""
    found = torch.full((n_source + n_target,), target / n_target, dtype=dtype, device=device)
    found[:n_source] = source / n_source
    return found
