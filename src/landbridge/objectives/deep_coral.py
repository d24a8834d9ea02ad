"""Distance between the covariances of two batches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from ..base.errors import ConfigError
from .base import EVERY, TERMS, StepBatch, Term
from .rows import together


def plain_covariance_distance(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return `covariance_distance` as the paper writes it, to test against."""
    apart = torch.cov(source.T) - torch.cov(target.T)
    return apart.square().sum() / (4 * source.shape[1] ** 2)


@lru_cache(maxsize=16)
def _constants(
    n_source: int, n_target: int, dtype: torch.dtype, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the matrix that centres each domain by itself, w, and w wᵀ. Only to be read."""
    n = n_source + n_target
    centring = torch.eye(n, dtype=dtype, device=device)
    centring[:n_source, :n_source] -= 1 / n_source
    centring[n_source:, n_source:] -= 1 / n_target
    weights = torch.full((n, 1), -1 / (n_target - 1), dtype=dtype, device=device)
    weights[:n_source] = 1 / (n_source - 1)
    return centring, weights, weights @ weights.T


class _CovarianceDistance(torch.autograd.Function):
    """‖Σ_i w_i x_i x_iᵀ‖²_F / (4 d²) of centred rows, w_i = 1/(n_s − 1) or −1/(n_t − 1).

    The matrix in it is the smaller of (d, d) and, as ‖·‖² = Σ_ij w_i w_j (x_i·x_j)², (n, n).
    The gradient is w_i Σ_j w_j (x_i·x_j) x_j / d², which is centred already.
    """

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, n_source: int) -> torch.Tensor:
        n, d = rows.shape
        centring, weights, outer = _constants(n_source, n - n_source, rows.dtype, rows.device)
        right = centring @ rows
        if n < d:
            products = right @ right.T
            left = products * outer
            value = torch.dot(products.flatten(), left.flatten())
        else:
            left = right * weights
            right = right.T @ left
            value = torch.dot(right.flatten(), right.flatten())
        ctx.save_for_backward(left, right)
        return value.div_(4 * d * d)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        left, right = ctx.saved_tensors
        d = right.shape[1]
        return (left * (grads[0] / (d * d))) @ right, None


def covariance_distance(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return ‖C_s − C_t‖²_F / (4 d²) (Sun and Saenko, 2016, ECCV workshops).

    Parameters
    ----------
    source, target : float tensors (n_s, d), (n_t, d)
        At least two rows each; n_s and n_t may differ.

    Raises
    ------
    ConfigError
        Where a batch is a single row, which has no covariance.
    """
    if min(len(source), len(target)) < 2:
        raise ConfigError(
            f"deep-coral: batches of {len(source)} and {len(target)} rows, and a covariance "
            "needs two rows",
            hint="raise training.batch_size",
        )
    return _CovarianceDistance.apply(together(source, target), len(source))


@TERMS.register("deep-coral")
class DeepCORAL(Term):
    """Source and target features have like covariances."""

    summary = "features of both domains have like covariances"
    paper = "Sun and Saenko, 2016, ECCV workshops, Deep CORAL"
    views = frozenset({"source", "target"})
    through_features = True
    target_types = EVERY

    @dataclass(frozen=True)
    class Config:
        """No options."""

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `covariance_distance` of the two batches' features."""
        assert step.source is not None
        assert step.target is not None
        return covariance_distance(step.source.features, step.target.features)
