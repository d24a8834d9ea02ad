"""Mutual information between inputs and predictions."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .base import TERMS, StepBatch, Term, at_least_single


def infomax(logits: torch.Tensor, diversity: float = 1.0) -> torch.Tensor:
    """Return mean H(p) − diversity · H(mean p): low is certain and diverse.

    The negative of the mutual information between input and prediction for diversity 1
    (Krause et al., 2010, NeurIPS; Liang et al., 2020, ICML).

    Parameters
    ----------
    logits : float tensor (n, c)
        Unlabelled target batch.
    diversity : float, default 1
        Lower it where class shares differ between the domains.

    Returns
    -------
    float tensor ()
        At least −log(c) for diversity 1.

    Examples
    --------
    >>> import torch
    >>> round(float(infomax(torch.eye(4) * 100)), 4)
    -1.3863
    """
    log_p = torch.log_softmax(at_least_single(logits), dim=1)
    p = log_p.exp()
    conditional = -(p * log_p).sum(1).mean()
    mean = p.mean(0)
    marginal = -(mean * mean.clamp_min(1e-12).log()).sum()
    return conditional - diversity * marginal


@TERMS.register("infomax")
class InfoMax(Term):
    """Certain for each target row, diverse over all of them."""

    summary = "certain on each target example, diverse over all of them"
    paper = "Krause et al., 2010, NeurIPS; Liang et al., 2020, ICML (SHOT)"
    views = frozenset({"target"})

    @dataclass(frozen=True)
    class Config:
        """`diversity`: weight of H(mean p)."""

        diversity: float = 1.0

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `infomax` of the target logits."""
        assert step.target is not None
        return infomax(step.target.logits, self.config.diversity)
