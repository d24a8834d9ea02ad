"""Labels of the classes that were known before, as they go with the new ones."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import nn

from ..base.errors import MethodError
from .base import TERMS, PhaseContext, StepBatch, Term, at_least_single


def class_relationship(
    probabilities: torch.Tensor, labels: torch.Tensor, n_classes: int
) -> torch.Tensor:
    """Return p(known class | new class), the mean answer to the rows of each new class.

    You et al., 2020, NeurIPS, eq. 4 (the direct way).

    Parameters
    ----------
    probabilities : float tensor (n, known)
        What the known head says of labelled rows.
    labels : int64 tensor (n,)
    n_classes : int

    Returns
    -------
    float tensor (n_classes, known)
        Rows add up to 1. A class without a row gets the mean of all rows.

    Examples
    --------
    >>> import torch
    >>> p = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.0, 1.0]])
    >>> class_relationship(p, torch.tensor([0, 0, 1]), 2)
    tensor([[0.7000, 0.3000],
            [0.0000, 1.0000]])
    """
    member = nn.functional.one_hot(labels, n_classes).to(probabilities)
    counts = member.sum(0).unsqueeze(1)
    means = member.T @ probabilities / counts.clamp_min(1)
    return torch.where(counts > 0, means, probabilities.mean(0))


def soft_cross_entropy(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy to whole distributions; both (n, classes)."""
    return -(wanted * torch.log_softmax(at_least_single(logits), 1)).sum(1).mean()


@TERMS.register("co-tuning")
class CoTuning(Term):
    """The known head is tuned as well, on what its classes are for each new label.

    The relationship between known and new classes is learned once, from granted labels, with
    the features as they are at the first step. Two known classes that go with one new class
    stay apart in the features.
    """

    summary = "the known classes' head goes on learning, by what goes with the new labels"
    paper = "You et al., 2020, NeurIPS, Co-Tuning for Transfer Learning"
    views = frozenset({"labelled"})
    through_features = True
    knows = True

    @dataclass(frozen=True)
    class Config:
        """No options."""

    relationship: torch.Tensor

    def prepare(self, setting: PhaseContext) -> None:
        """Take a copy of the known head, which is trained along."""
        if setting.pretrained_head is None:
            raise MethodError(
                "co-tuning needs the head of the classes that were known before, and there is none",
                hint="give a labelled --source, or a backbone with its classifier",
            )
        self.pretrained_head = copy.deepcopy(setting.pretrained_head).requires_grad_(True)
        shape = (self.n_classes, self.pretrained_head.out_features)
        self.register_buffer("relationship", torch.zeros(shape))

    @torch.no_grad()
    def begin(self, setting: PhaseContext) -> None:
        """Learn the relationship."""
        assert setting.outputs is not None
        assert setting.labels is not None
        features, _ = setting.outputs("target")
        labels = setting.labels("target")
        rows = labels >= 0
        answers = torch.softmax(
            self.pretrained_head(features[rows].to(self.pretrained_head.weight)), 1
        )
        self.relationship.copy_(class_relationship(answers, labels[rows], self.n_classes))

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return the known head's cross-entropy on the labelled rows."""
        assert step.labelled is not None
        assert step.labelled.labels is not None
        logits = self.pretrained_head(step.labelled.features.to(self.pretrained_head.weight.dtype))
        return soft_cross_entropy(logits, self.relationship[step.labelled.labels])
