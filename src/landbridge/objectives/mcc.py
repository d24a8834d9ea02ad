"""Minimum class confusion."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .base import TERMS, Step, Term, at_least_single


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
    n, classes = logits.shape
    log_p = torch.log_softmax(at_least_single(logits) / temperature, dim=1)
    p = log_p.exp()
    entropy = -(p * log_p).sum(1)
    weight = 1 + torch.exp(-entropy.detach())
    weight = n * weight / weight.sum()
    confusion = (p * weight[:, None]).T @ p
    confusion = confusion / confusion.sum(1, keepdim=True).clamp_min(1e-12)
    return (confusion.sum() - confusion.trace()) / classes


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

    def forward(self, step: Step) -> torch.Tensor:
        """Return `mcc` of the target logits."""
        assert step.target is not None
        return mcc(step.target.logits, self.config.temperature)
