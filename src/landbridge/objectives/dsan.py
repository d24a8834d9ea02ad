"""Maximum mean discrepancy class by class."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .base import TERMS, StepBatch, Term, at_least_single
from .kernels import WIDTHS, kernel_sum
from .rows import together


def local_mmd(
    *,
    source: torch.Tensor,
    target: torch.Tensor,
    labels: torch.Tensor,
    probabilities: torch.Tensor,
    width: float | torch.Tensor | None = None,
    exponents: tuple[int, ...] = WIDTHS,
) -> torch.Tensor:
    """Return the mean over classes of MMD² between the rows of that class (LMMD).

    Source rows weigh by their label, target rows by their probability, and each class's weights
    are made to sum to 1 on either side (Zhu et al., 2021, TNNLS). A class that has
    no source row in the batch, or no probability, contributes 0.

    Parameters
    ----------
    source, target : float tensors (n_s, d), (n_t, d)
        Features; n_s and n_t may differ.
    labels : int64 tensor (n_s,)
    probabilities : float tensor (n_t, c)
        No gradient flows into them: the features move, not the weights.
    width : float or float tensor (), optional
        γ, a squared distance; the median over all pairs of both batches without one.
    exponents : tuple of int, default (-3, -2, -1, 0, 1)

    Returns
    -------
    float tensor ()
        At least 0, to rounding.
    """
    rows = together(source, target)
    with torch.no_grad():
        n, classes = len(source), probabilities.shape[1]
        mass = rows.new_zeros(len(rows), classes)
        of_source, of_target = mass[:n], mass[n:]
        of_source.scatter_(1, labels[:, None], 1)
        of_target.copy_(probabilities)
        sum_s, sum_t = of_source.sum(0), of_target.sum(0)
        least = torch.finfo(rows.dtype).tiny
        there = (sum_s > 0) & (sum_t > least)
        of_source.mul_(there / sum_s.clamp_min_(1))
        of_target.mul_(there / sum_t.clamp_min_(least).neg_())
        weights = mass @ (mass.T / classes)
    return kernel_sum([rows], weights, [width], [exponents])


@TERMS.register("dsan")
class DSAN(Term):
    """Features of each class have like distributions in both domains."""

    summary = "features of each class have like distributions in both domains"
    paper = "Zhu et al., 2021, TNNLS, Deep Subdomain Adaptation Network"
    views = frozenset({"source", "target"})
    through_features = True

    @dataclass(frozen=True)
    class Config:
        """`exponents`: k of the widths 2^k times the median squared distance."""

        exponents: tuple[int, ...] = WIDTHS

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `local_mmd` with the source's labels and the target's own probabilities."""
        assert step.source is not None
        assert step.source.labels is not None
        assert step.target is not None
        logits = at_least_single(step.target.logits.detach())
        return local_mmd(
            source=step.source.features,
            target=step.target.features,
            labels=step.source.labels,
            probabilities=torch.softmax(logits, dim=1),
            exponents=self.config.exponents,
        )
