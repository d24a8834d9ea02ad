"""Minimum class confusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from .base import TERMS, StepBatch, Term, at_least_single


def plain_mcc(logits: torch.Tensor, temperature: float = 2.5) -> torch.Tensor:
    """Return `mcc` as the paper writes it, to test against."""
    p = torch.softmax(logits / temperature, dim=1)
    entropy = -(p * p.log()).sum(1, keepdim=True)
    weights = (1 + torch.exp(-entropy)).detach()
    confusion = (weights * p).T @ p
    confusion = confusion / confusion.sum(1, keepdim=True)
    return (confusion.sum() - confusion.trace()) / len(confusion)


class _Confusion(torch.autograd.Function):
    """Mean share off the diagonal of the rows of A = pᵀ W p; W = 1 + exp(−H) taken as given.

    The scale of W cancels in the shares, so it is not normalised. With row sums r, shares s on
    the diagonal and c classes, ∂/∂A_jk = (s_j − 1[j = k]) / (c r_j) and ∂/∂p = W p (M + Mᵀ) of
    that M: w_i (s_k / r_k − 2 p_ik / r_k) / c, but for what is the same for all k and which the
    softmax therefore takes no notice of.
    """

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, temperature: float) -> torch.Tensor:
        log_p = torch.log_softmax(logits * (1 / temperature), dim=1)
        p = log_p.exp()
        certain = (p * log_p).sum(1, keepdim=True).exp_()
        weighted = torch.addcmul(p, p, certain)
        confusion = weighted.T @ p
        row_sums = confusion.sum(1)
        least = row_sums.clamp_min(1e-12)  # of a class that no row has any probability of
        diagonal = confusion.diagonal() / least
        if ctx.needs_input_grad[0]:
            slope = torch.addcmul(diagonal / least, p, least.reciprocal(), value=-2)
            slope.mul_(weighted)
            slope.addcmul_(p, slope.sum(1, keepdim=True), value=-1)
            ctx.save_for_backward(slope)
            ctx.scale = 1 / (temperature * len(row_sums))
        return (row_sums.div_(least) - diagonal).mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return ctx.saved_tensors[0] * (grads[0] * ctx.scale), None


def mcc(logits: torch.Tensor, temperature: float = 2.5) -> torch.Tensor:
    """Return how much classes are confused in a batch (Jin et al., 2020, ECCV).

    Rows are weighted by 1 + exp(−H), the class correlation pᵀ W p is normalised by row, and
    what lies off its diagonal is averaged over the classes.

    Parameters
    ----------
    logits : float tensor (n, c)
        Unlabelled target batch.
    temperature : float, default 2.5

    Returns
    -------
    float tensor ()
        At least 0.

    Examples
    --------
    >>> import torch
    >>> float(mcc(torch.eye(3) * 100)) < 1e-6
    True
    """
    return _Confusion.apply(at_least_single(logits), temperature)


@TERMS.register("mcc")
class MCC(Term):
    """Minimum class confusion on the target batch."""

    summary = "classes are not confused on the target"
    paper = "Jin et al., 2020, ECCV, Minimum Class Confusion for Versatile Domain Adaptation"
    views = frozenset({"target"})

    @dataclass(frozen=True)
    class Config:
        """`temperature`: softens the probabilities."""

        temperature: float = 2.5

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `mcc` of the target logits."""
        assert step.target is not None
        return mcc(step.target.logits, self.config.temperature)
