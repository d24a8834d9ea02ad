"""L_source and L_target: what an answer is wrong by, for each kind of answer."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F

from ..domains.answers import Answers


def class_loss(logits: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Return the cross-entropy of each row, (n,)."""
    return F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")


def number_loss(answers: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Return the mean squared error of each row, (n,); labels (n,) or (n, answers)."""
    return (answers - labels.reshape(answers.shape).to(answers)).square().mean(1)


def several_loss(logits: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Return the mean binary cross-entropy of each row, (n,); labels (n, classes) of 0 and 1."""
    wanted = labels.to(logits) * (1 - smoothing) + smoothing / 2
    return F.binary_cross_entropy_with_logits(logits, wanted, reduction="none").mean(1)


LOSSES: dict[Answers, Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]] = {
    "classes": class_loss,
    "numbers": number_loss,
    "several": several_loss,
}


def task_loss(
    answers: Answers,
    logits: torch.Tensor,
    labels: torch.Tensor,
    *,
    smoothing: float = 0.0,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the mean loss of a batch, weighted where `weights` (n,) are given.

    Weights are used as they are: the mean is over the rows and not over the weights, so that a
    batch of rows that hardly count hardly counts.
    """
    rows = LOSSES[answers](logits.float(), labels, smoothing)
    return rows.mean() if weights is None else (rows * weights.to(rows)).mean()
