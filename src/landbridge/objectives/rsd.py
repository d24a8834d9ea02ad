"""Distance between the subspaces that two batches of features span, for regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from .base import EVERY, TERMS, StepBatch, Term, at_least_single

_SMALLEST_SINE2 = 1e-6
"""Below this the angle counts as 0 and gets no gradient: the root is infinitely steep there."""
_NARROWEST_GAP = 1e-6
"""Squared singular values that lie nearer, relative to the largest, are not told apart."""


def plain_leading_vectors(a: torch.Tensor, k: int) -> torch.Tensor:
    """Return `leading_vectors` with the gradient of the SVD, to test against."""
    return torch.linalg.svd(a, full_matrices=False)[0][:, :k]


class _LeadingVectors(torch.autograd.Function):
    """The k leading left singular vectors, with a gradient that close values do not blow up."""

    @staticmethod
    def forward(ctx: Any, a: torch.Tensor, k: int) -> torch.Tensor:
        u, s, _ = torch.linalg.svd(a, full_matrices=False)
        ctx.save_for_backward(a, u, s)
        return u[:, :k].clone()

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        a, u, s = ctx.saved_tensors
        (g,) = grads
        k = g.shape[1]
        values = s.square()  # eigenvalues of a aᵀ
        least = _NARROWEST_GAP * values.max().clamp(min=torch.finfo(s.dtype).tiny)

        def inverse(gap: torch.Tensor) -> torch.Tensor:
            return torch.where(gap.abs() > least, 1 / torch.where(gap == 0, 1, gap), 0)

        inside = u.T @ g
        # duᵢ = Σⱼ uⱼ (uⱼᵀ dM uᵢ) / (λᵢ − λⱼ): over the other vectors, and over what is left of
        # the space, where λⱼ = 0.
        turned = u @ (inside * inverse(values[None, :k] - values[:, None]))
        turned = turned + (g - u @ inside) * inverse(values[:k])
        both = turned @ u[:, :k].T
        return (both + both.T) @ a, None


def leading_vectors(a: torch.Tensor, k: int) -> torch.Tensor:
    """Return the k leading left singular vectors of `a` (m, n), as (m, k)."""
    return _LeadingVectors.apply(a, k)


def subspace_distance(
    source: torch.Tensor,
    target: torch.Tensor,
    components: int,
    mismatch: float = 0.01,
) -> torch.Tensor:
    """Return ‖sin Θ‖₁ + mismatch · ‖|P_s| − |P_t|‖²_F (Chen et al., 2021, ICML).

    U_s, U_t hold the leading left singular vectors of the transposed batches, and
    U_sᵀ U_t = P_s diag(cos Θ) P_tᵀ: the principal angles Θ between the subspaces tell how far
    apart these are, and P how far their bases, ordered by how much they matter, are turned
    against each other. Nothing is scaled, which is the point: the size of features carries the
    size of numbers. (The authors' own code takes the mismatch without the square.)

    Parameters
    ----------
    source, target : float tensors (n_s, d), (n_t, d)
    components : int
        k, the dimensions of the subspaces; at most n_s, n_t and d are taken.
    mismatch : float
        Weight of the bases' mismatch.

    Examples
    --------
    >>> x = torch.eye(4)[:2] * torch.tensor([[2.0], [1.0]])
    >>> float(subspace_distance(x, x.flip(1), 2, 0.0)), float(subspace_distance(x, 3 * x, 2)) < 0.01
    (2.0, True)
    """
    s, t = at_least_single(source), at_least_single(target)
    k = min(components, len(s), len(t), s.shape[1])
    basis_s, basis_t = leading_vectors(s.T, k), leading_vectors(t.T, k)
    product = basis_s.T @ basis_t
    cosines = torch.linalg.svdvals(product)
    distance = (1 - cosines.square()).clamp(min=_SMALLEST_SINE2).sqrt().sum()
    if not mismatch:
        return distance
    turned_s, turned_t = leading_vectors(product, k), leading_vectors(product.T, k)
    return distance + mismatch * (turned_s.abs() - turned_t.abs()).square().sum()


@TERMS.register("rsd")
class SubspaceDistance(Term):
    """Source and target features span subspaces that lie close, whatever their scale."""

    summary = "features of both domains span the same subspace, at whatever scale"
    paper = "Chen et al., 2021, ICML, Representation Subspace Distance"
    views = frozenset({"source", "target"})
    through_features = True
    target_types = EVERY

    @dataclass(frozen=True)
    class Config:
        """`components`: dimensions of the subspaces; `mismatch`: weight of the bases' mismatch.

        A subspace of all dimensions is the whole space, which is no distance from itself: at
        most half of the features' width is taken.
        """

        components: int = 36
        mismatch: float = 0.01

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `subspace_distance` of the two batches' features, a dimension."""
        assert step.source is not None
        assert step.target is not None
        k = max(1, min(self.config.components, self.dim // 2))
        distance = subspace_distance(
            step.source.features, step.target.features, k, self.config.mismatch
        )
        return distance / k  # so that a weight means the same for narrow and for wide features
