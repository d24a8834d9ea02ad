"""Confident pseudo-labels of a weak view teach a strong view."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .base import TERMS, StepBatch, Term, at_least_single


def consistency(
    weak: torch.Tensor, strong: torch.Tensor, threshold: float | torch.Tensor = 0.9
) -> torch.Tensor:
    """Return cross-entropy of the strong view to the weak view's confident answers.

    Rows whose largest weak probability is under the threshold count as 0, so the mean is
    over all rows (Sohn et al., 2020, NeurIPS, FixMatch). No gradient flows into `weak`.

    Parameters
    ----------
    weak, strong : float tensor (n, c)
        Logits of the two views of the same rows.
    threshold : float or float tensor (c,), default 0.9
        One for all, or one for each answer.

    Returns
    -------
    float tensor ()
    """
    with torch.no_grad():
        confidence, answer = torch.softmax(at_least_single(weak), dim=1).max(1)
        least = threshold[answer] if isinstance(threshold, torch.Tensor) else threshold
        kept = confidence >= least
    loss = F.cross_entropy(at_least_single(strong), answer, reduction="none")
    return (loss * kept).mean()


def class_thresholds(learned: torch.Tensor, threshold: float) -> torch.Tensor:
    """Return a lower threshold for answers that are learned less (Zhang et al., 2021).

    Parameters
    ----------
    learned : float tensor (c,)
        Share of the rows that are confidently given each answer; what is missing to 1 is
        the share of rows without a confident answer.
    threshold : float

    Returns
    -------
    float tensor (c,)
        threshold · β / (2 − β) with β = learned / max(largest of learned, missing share),
        the convex map of FlexMatch with its warm-up.
    """
    missing = 1 - learned.sum()
    beta = learned / torch.maximum(learned.max(), missing).clamp_min(1e-6)
    return threshold * beta / (2 - beta)


@TERMS.register("consistency")
class Consistency(Term):
    """A weak view's confident answer teaches the strong view of the same target row.

    With `flexible`, thresholds are lower for classes that are learned less. FlexMatch counts
    rows; here the share of each confident answer is a running mean, which needs no memory
    as long as the data.
    """

    summary = "confident answers on a weak view teach a strong view"
    paper = "Sohn et al., 2020, NeurIPS, FixMatch; Zhang et al., 2021, NeurIPS, FlexMatch"
    views = frozenset({"target", "strong"})

    @dataclass(frozen=True)
    class Config:
        """`threshold`: least confidence; `flexible`: by class; `memory`: of its shares."""

        threshold: float = 0.9
        flexible: bool = True
        memory: float = 0.98

    learned: torch.Tensor

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        self.register_buffer("learned", torch.zeros(n_classes))

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `consistency` of the teacher's weak and the student's strong logits."""
        assert step.strong is not None
        assert step.teacher is not None
        threshold: float | torch.Tensor = self.config.threshold
        if self.config.flexible:
            self._learn(step.teacher)
            threshold = class_thresholds(self.learned, self.config.threshold)
        return consistency(step.teacher, step.strong.logits, threshold)

    @torch.no_grad()
    def _learn(self, weak: torch.Tensor) -> None:
        confidence, answer = torch.softmax(at_least_single(weak), dim=1).max(1)
        sure = answer[confidence >= self.config.threshold]
        share = torch.bincount(sure, minlength=self.n_classes).to(self.learned) / len(weak)
        self.learned.lerp_(share, 1 - self.config.memory)
