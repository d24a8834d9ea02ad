"""Confident pseudo-labels of a weak view teach a strong view."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .base import TERMS, Step, Term


def consistency(
    weak: torch.Tensor, strong: torch.Tensor, threshold: float = 0.9
) -> torch.Tensor:
    """Return cross-entropy of the strong view to the weak view's confident answers.

    Rows whose largest weak probability is under `threshold` count as 0, so the mean is over
    all rows (Sohn et al., 2020, NeurIPS, FixMatch). No gradient flows into `weak`.

    Parameters
    ----------
    weak, strong : float tensor (n, c)
        Logits of the two views of the same rows.
    threshold : float, default 0.9

    Returns
    -------
    float tensor ()
    """
    with torch.no_grad():
        confidence, answer = torch.softmax(weak.float(), dim=1).max(1)
        kept = (confidence >= threshold).float()
    return (F.cross_entropy(strong.float(), answer, reduction="none") * kept).mean()


@TERMS.register("consistency")
class Consistency(Term):
    """FixMatch on the target: a weak view's confident answer teaches the strong view."""

    summary = "confident answers on a weak view teach a strong view"
    paper = "Sohn et al., 2020, NeurIPS, FixMatch"
    views = frozenset({"target", "strong"})

    @dataclass(frozen=True)
    class Config:
        """`threshold`: least confidence of a pseudo-label."""

        threshold: float = 0.9

    def forward(self, step: Step) -> torch.Tensor:
        """Return `consistency` of the teacher's weak and the student's strong logits."""
        assert step.strong is not None
        assert step.teacher is not None
        return consistency(step.teacher, step.strong.logits, self.config.threshold)
