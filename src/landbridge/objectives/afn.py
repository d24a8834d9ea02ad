"""Stepwise adaptive feature norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from .base import EVERY, TERMS, StepBatch, Term, at_least_single
from .rows import together


def plain_longer_features(features: torch.Tensor, growth: float = 1.0) -> torch.Tensor:
    """Return `longer_features` as it is written, to test against."""
    norms = torch.linalg.vector_norm(features, dim=1)
    return (norms - (norms.detach() + growth)).square().mean()


class _LongerRows(torch.autograd.Function):
    """Mean of (‖x_i‖ − r_i)² with r_i = ‖x_i‖ + growth taken as given."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, growth: float) -> torch.Tensor:
        ctx.save_for_backward(rows)
        ctx.growth = growth
        return rows.new_full((), growth * growth)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        (rows,) = ctx.saved_tensors
        norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
        norms.clamp_(min=torch.finfo(rows.dtype).tiny)  # a row of zeros has no direction, and stays
        return rows * ((grads[0] * (-2 * ctx.growth / len(rows))) / norms), None


def longer_features(*, features: torch.Tensor, growth: float = 1.0) -> torch.Tensor:
    """Return the mean of (‖x_i‖ − (‖x_i‖₀ + growth))², ‖x_i‖₀ the norm as it is now.

    The value is always growth²; what counts is the gradient, which lengthens every row by the
    same pull, whatever its norm (Xu et al., 2019, ICCV).

    Parameters
    ----------
    features : float tensor (n, d)
        Rows of both domains together.
    growth : float, default 1.0
        Δr, by which each norm should grow in a step.

    Returns
    -------
    float tensor ()
    """
    return _LongerRows.apply(at_least_single(features), growth)


@TERMS.register("afn")
class AFN(Term):
    """Feature norms grow step by step: short features are those that do not transfer."""

    summary = "feature norms of both domains grow step by step"
    paper = "Xu et al., 2019, ICCV, Larger Norm More Transferable"
    views = frozenset({"source", "target"})
    through_features = True
    target_types = EVERY

    @dataclass(frozen=True)
    class Config:
        """`growth`: Δr, by which each norm should grow in a step."""

        growth: float = 1.0

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `longer_features` of all rows."""
        assert step.source is not None
        assert step.target is not None
        both = together(step.source.features, step.target.features)
        return longer_features(features=both, growth=self.config.growth)
