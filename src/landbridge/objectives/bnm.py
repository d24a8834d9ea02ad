"""Batch nuclear norm: certain and diverse answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from .base import TERMS, StepBatch, Term, at_least_single


def plain_nuclear_norm(logits: torch.Tensor) -> torch.Tensor:
    """Return `batch_nuclear_norm` with the gradient of the SVD, to test against."""
    p = torch.softmax(logits, dim=1)
    return -torch.linalg.svdvals(p).sum() / len(p)


class _NuclearNorm(torch.autograd.Function):
    """Sum of singular values; gradient U Vᵀ over those that are not 0.

    That is the smallest of the subgradients where the rank is not full, so it is finite there,
    and so it is where singular values are the same, which the SVD's own gradient is not.
    """

    @staticmethod
    def forward(ctx: Any, matrix: torch.Tensor) -> torch.Tensor:
        u, values, vh = torch.linalg.svd(matrix, full_matrices=False)
        least = values[0] * (max(matrix.shape) * torch.finfo(matrix.dtype).eps)
        ctx.save_for_backward((u * (values > least)) @ vh)
        return values.sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        return ctx.saved_tensors[0] * grads[0]


def batch_nuclear_norm(logits: torch.Tensor, fast: bool = False) -> torch.Tensor:
    """Return −‖P‖_* / n of the batch's probabilities P (Cui et al., 2020, CVPR).

    The Frobenius norm that the nuclear norm bounds is large where answers are certain, and the
    rank, of which it is the convex hull, where they are diverse.

    Parameters
    ----------
    logits : float tensor (n, c)
        Unlabelled target batch.
    fast : bool, default False
        The sum of the min(n, c) largest column norms in place of the singular values, which
        needs no SVD (Cui et al., 2021, arXiv 2107.06154). Pays from hundreds of classes on.

    Returns
    -------
    float tensor ()
        In [−sqrt(min(n, c) / n), −1 / sqrt(n c)] where not `fast`.

    Examples
    --------
    >>> import torch
    >>> round(float(batch_nuclear_norm(torch.eye(4) * 100)), 4)
    -1.0
    """
    p = torch.softmax(at_least_single(logits), dim=1)
    n, classes = p.shape
    if fast:
        norms = torch.linalg.vector_norm(p, dim=0)
        return norms.topk(min(n, classes)).values.sum() / -n
    return _NuclearNorm.apply(p) / -n


@TERMS.register("bnm")
class BNM(Term):
    """The target batch's probabilities have a large nuclear norm."""

    summary = "certain and diverse on the target, by the nuclear norm"
    paper = "Cui et al., 2020, CVPR, Towards Discriminability and Diversity"
    views = frozenset({"target"})

    @dataclass(frozen=True)
    class Config:
        """`fast`: column norms in place of singular values."""

        fast: bool = False

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `batch_nuclear_norm` of the target logits."""
        assert step.target is not None
        return batch_nuclear_norm(step.target.logits, self.config.fast)
