"""Debiased self-training: pseudo-labels have a head of their own, and a worst head bounds them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .adversarial import adversarial_ramp
from .adversary import reverse_gradient, small_head
from .base import TERMS, StepBatch, Term, at_least_single
from .consistency import consistency
from .mdd import margin_disparity


def worst_case(
    *,
    labelled: torch.Tensor,
    labels: torch.Tensor,
    unlabelled: torch.Tensor,
    answers: torch.Tensor,
    margin: float = 2.0,
) -> torch.Tensor:
    """Return what the worst head minimises: right on labels, wrong on the main head's answers.

    margin · mean −log p_label + mean −log(1 − p_answer): the second part is the largest
    cross-entropy to the answers in a form that has a least value (Chen et al., 2022, NeurIPS).
    Features that get the reversed gradient leave no such head.

    Parameters
    ----------
    labelled, unlabelled : float tensors (n, c), (m, c)
        The worst head's logits, two classes or more.
    labels, answers : int64 tensors (n,), (m,)
    margin : float, default 2

    Returns
    -------
    float tensor ()
        At least 0.
    """
    return margin_disparity(
        source=labelled,
        target=unlabelled,
        source_answers=labels,
        target_answers=answers,
        margin=margin,
    )


@TERMS.register("dst")
class DST(Term):
    """The main head teaches, and never learns from, pseudo-labels.

    They train the features through a head of their own, so that errors do not come back to the
    one that makes them. A third head looks for the worst that pseudo-labels could do: it is
    right on the source and contradicts the main head on the target, and the features are
    trained so that there is no such head.
    """

    summary = "pseudo-labels teach a head of their own, and the features"
    paper = "Chen et al., 2022, NeurIPS, Debiased Self-Training for Semi-Supervised Learning"
    views = frozenset({"source", "target", "strong"})
    through_features = True

    @dataclass(frozen=True)
    class Config:
        """Options of `DST`.

        Attributes
        ----------
        threshold : float
            Least confidence of the main head's answers that the pseudo head learns.
        worst : float
            Weight of the worst case; 0 leaves it out.
        margin : float
            How much the source counts for the worst head.
        hidden : int
            Width of both heads.
        """

        threshold: float = 0.9
        worst: float = 0.3
        margin: float = 2.0
        hidden: int = 128

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        self.pseudo = small_head(dim, self.config.hidden, n_classes)
        self.worst = small_head(dim, self.config.hidden, n_classes)

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return the pseudo head's loss and the worst head's, whose gradient is reversed."""
        source, target, strong, teacher = step.source, step.target, step.strong, step.teacher
        assert source is not None
        assert source.labels is not None
        assert target is not None
        assert strong is not None
        assert teacher is not None
        learned = self.pseudo(at_least_single(strong.features))
        loss = consistency(teacher, learned, self.config.threshold)
        if not self.config.worst:
            return loss
        both = at_least_single(torch.cat([source.features, target.features]))
        logits = self.worst(reverse_gradient(both, adversarial_ramp(step.progress)))
        n = len(source.features)
        return loss + self.config.worst * worst_case(
            labelled=logits[:n],
            labels=source.labels,
            unlabelled=logits[n:],
            answers=teacher.argmax(1),
            margin=self.config.margin,
        )
