"""Domain-adversarial training: a discriminator behind a gradient reversal."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .adversary import Criterion, adversary_loss, small_head
from .base import EVERY, TERMS, StepBatch, Term, at_least_single
from .rows import shares, together


def adversarial_ramp(progress: float, slope: float = 10.0) -> float:
    """Return 2 / (1 + exp(−slope · progress)) − 1: 0 at the start, near 1 at the end.

    `progress` is the share of the *phase*, so the ramp fits any length and survives resume.
    """
    return 2.0 / (1.0 + math.exp(-slope * progress)) - 1.0


def domain_confusion(*, source_scores: torch.Tensor, target_scores: torch.Tensor) -> torch.Tensor:
    """Return the binary cross-entropy of telling source (1) from target (0).

    Parameters
    ----------
    source_scores, target_scores : float tensors (n_s,), (n_t,)
        Logits for "source". Keyword-only, so that the domains cannot be mixed up. Each
        domain weighs one half, whatever n_s and n_t.
    """
    scores = at_least_single(torch.cat([source_scores, target_scores]))
    n, m = len(source_scores), len(target_scores)
    signs = shares(n, m, -n, m, scores.dtype, scores.device)
    return torch.dot(
        shares(n, m, 0.5, 0.5, scores.dtype, scores.device), F.softplus(signs * scores)
    )


def domain_criterion(n_source: int, weights: torch.Tensor | None = None) -> Criterion:
    """Return `domain_confusion` as a criterion for `adversary_loss`, source rows first.

    Parameters
    ----------
    n_source : int
        How many of the rows are of the source, which is labelled 1; the others are labelled 0.
    weights : float tensor (n,), optional
        Positive, of the rows; scaled so that each domain weighs one half.
    """

    def criterion(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        flat = scores.flatten()
        n, m = n_source, len(flat) - n_source
        share = shares(n, m, 0.5, 0.5, flat.dtype, flat.device)
        if weights is not None:
            share = share * weights
            for part in share.split([n, m]):
                part.mul_(0.5 / part.sum())
        wrong = flat * shares(n, m, -n, m, flat.dtype, flat.device)  # −1 for the source, 1
        slope = wrong.sigmoid().mul_(share)
        slope[:n].neg_()
        return torch.dot(share, F.softplus(wrong)), slope.view_as(scores)

    return criterion


@TERMS.register("dann")
class Adversarial(Term):
    """A discriminator tells the domains apart, the features are trained so that it can't."""

    summary = "a discriminator cannot tell the domains apart"
    paper = "Ganin et al., 2016, JMLR 17(59)"
    views = frozenset({"source", "target"})
    through_features = True
    target_types = EVERY

    @dataclass(frozen=True)
    class Config:
        """`hidden`: width of the discriminator; `slope`: of the ramp."""

        hidden: int = 128
        slope: float = 10.0

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        hidden = self.config.hidden
        self.discriminator = small_head(dim, hidden, hidden, 1)

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return the discriminator's loss; the features get its reversed gradient."""
        assert step.source is not None
        assert step.target is not None
        strength = adversarial_ramp(step.progress, self.config.slope)
        both = together(step.source.features, step.target.features)
        criterion = domain_criterion(len(step.source.features))
        return adversary_loss(both, self.discriminator, criterion, strength)
