"""Domain-adversarial training: a discriminator behind a gradient reversal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from .base import EVERY, TERMS, Step, Term, at_least_single


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, strength: float) -> torch.Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return -ctx.strength * grads[0], None


def reverse_gradient(x: torch.Tensor, strength: float = 1.0) -> torch.Tensor:
    """Return `x`; its gradient comes back times −strength (Ganin et al., 2016)."""
    return _Reverse.apply(x, strength)


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
    s, t = at_least_single(source_scores), at_least_single(target_scores)
    source = F.binary_cross_entropy_with_logits(s, torch.ones_like(s))
    target = F.binary_cross_entropy_with_logits(t, torch.zeros_like(t))
    return 0.5 * (source + target)


@TERMS.register("dann")
class Adversarial(Term):
    """A discriminator tells the domains apart, the features are trained so that it can't."""

    summary = "a discriminator cannot tell the domains apart"
    paper = "Ganin et al., 2016, JMLR 17(59)"
    views = frozenset({"source", "target"})
    answers = EVERY

    @dataclass(frozen=True)
    class Config:
        """`hidden`: width of the discriminator; `slope`: of the ramp."""

        hidden: int = 128
        slope: float = 10.0

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        hidden = self.config.hidden
        self.discriminator = nn.Sequential(
            nn.Linear(dim, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, step: Step) -> torch.Tensor:
        """Return the discriminator's loss; the features get its reversed gradient."""
        assert step.source is not None
        assert step.target is not None
        strength = adversarial_ramp(step.progress, self.config.slope)
        both = at_least_single(torch.cat([step.source.features, step.target.features]))
        scores = self.discriminator(reverse_gradient(both, strength)).squeeze(1)
        n = len(step.source.features)
        return domain_confusion(source_scores=scores[:n], target_scores=scores[n:])
