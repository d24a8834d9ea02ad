"""L_source and L_target: what an answer is wrong by, for each kind of label."""

from __future__ import annotations

import torch

from ..targets.base import TargetType


def task_loss(
    kind: TargetType,
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
    rows = kind.loss(logits.float(), labels, smoothing)
    return rows.mean() if weights is None else (rows * weights.to(rows)).mean()
