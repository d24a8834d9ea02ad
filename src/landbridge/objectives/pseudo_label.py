"""A row's own confident answer becomes its label."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .base import TERMS, StepBatch, Term
from .consistency import consistency


@TERMS.register("pseudo-label")
class PseudoLabel(Term):
    """Cross-entropy of the target's weak view to its own confident answers.

    Teacher and pupil are the same view, so without the threshold it would only make the network
    surer of whatever it says.
    """

    summary = "confident answers on the target are learned as labels"
    paper = "Lee, 2013, ICML workshops, Pseudo-Label"
    views = frozenset({"target"})

    @dataclass(frozen=True)
    class Config:
        """`threshold`: least confidence of an answer that counts; 0 for Lee's own form."""

        threshold: float = 0.9

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `consistency` of the target's logits with themselves."""
        assert step.target is not None
        assert step.teacher is not None
        return consistency(step.teacher, step.target.logits, self.config.threshold)
