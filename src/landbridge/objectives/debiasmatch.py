"""Pseudo-labels that do not favour the classes that are answered often."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .base import TERMS, StepBatch, Term, at_least_single


def debiased_consistency(
    weak: torch.Tensor,
    strong: torch.Tensor,
    mean: torch.Tensor,
    threshold: float = 0.9,
    strength: float = 0.5,
) -> torch.Tensor:
    """Return cross-entropy with a margin to debiased confident answers (Wang et al., 2022).

    The answer is the largest of weak − λ log p̂, and counts where its softmax is at least the
    threshold; the strong view is compared at z_k − Δ_k with the margin Δ_k = λ log(1 / p̂_k),
    so an answer that is given seldom has to win by more.

    Parameters
    ----------
    weak, strong : float tensor (n, c)
        Logits of the two views of the same rows. No gradient flows into `weak`.
    mean : float tensor (c,)
        p̂, how often each answer is given; positive.
    threshold : float, default 0.9
    strength : float, default 0.5
        λ; 0 gives `consistency`.

    Returns
    -------
    float tensor ()
    """
    margin = -strength * at_least_single(mean).log()
    with torch.no_grad():
        confidence, answer = torch.softmax(at_least_single(weak) + margin, dim=1).max(1)
        kept = confidence >= threshold
    loss = F.cross_entropy(at_least_single(strong) - margin, answer, reduction="none")
    return (loss * kept).mean()


@TERMS.register("debiasmatch")
class DebiasMatch(Term):
    """Consistency where the running mean of the answers is taken off the logits.

    The mean starts uniform, as in the paper, whose memory of 0.999 is made for runs a hundred
    times longer.
    """

    summary = "debiased confident answers on a weak view teach a strong view"
    paper = "Wang et al., 2022, CVPR, Debiased Learning from Naturally Imbalanced Pseudo-Labels"
    views = frozenset({"target", "strong"})

    @dataclass(frozen=True)
    class Config:
        """`threshold`: least confidence; `strength`: λ; `memory`: of the running mean."""

        threshold: float = 0.9
        strength: float = 0.5
        memory: float = 0.99

    mean: torch.Tensor

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        self.register_buffer("mean", torch.full((n_classes,), 1 / n_classes))

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `debiased_consistency`, after the batch has been taken into the mean."""
        assert step.strong is not None
        assert step.teacher is not None
        with torch.no_grad():
            now = torch.softmax(at_least_single(step.teacher), dim=1).mean(0)
            self.mean.lerp_(now.to(self.mean), 1 - self.config.memory).clamp_min_(1e-6)
        return debiased_consistency(
            step.teacher,
            step.strong.logits,
            self.mean,
            self.config.threshold,
            self.config.strength,
        )
