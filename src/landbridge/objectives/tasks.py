"""Several tasks at once: each has its part of the outputs, and a weight given or learned."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from ..base.errors import ConfigError
from .base import EVERY, TERMS, StepBatch, Term, at_least_single

CLASSES, NUMBERS = "multiclass", "regression"


def task_losses(
    outputs: torch.Tensor, labels: torch.Tensor, sizes: tuple[int, ...], kinds: tuple[str, ...]
) -> list[torch.Tensor | None]:
    """Return the mean loss of each task over the rows that are labelled for it.

    Parameters
    ----------
    outputs : float tensor (n, sum of sizes)
    labels : float tensor (n, tasks)
        Index of the class, or the number; NaN where it is not known.
    sizes : tuple of int
        Outputs of each task.
    kinds : tuple of {"multiclass", "regression"}
        Cross-entropy, or mean squared error.

    Returns
    -------
    list of tensor () or None
        None where no row is labelled for a task.
    """
    found: list[torch.Tensor | None] = []
    parts = at_least_single(outputs).split(list(sizes), dim=1)
    for i, (own, kind) in enumerate(zip(parts, kinds, strict=True)):
        labeled = ~labels[:, i].isnan()
        if not bool(labeled.any()):
            found.append(None)
            continue
        wanted = labels[labeled, i]
        if kind == CLASSES:
            found.append(F.cross_entropy(own[labeled], wanted.long()))
        else:
            found.append(F.mse_loss(own[labeled, 0], wanted.to(own.dtype)))
    return found


@TERMS.register("tasks")
class Tasks(Term):
    """The sum of the tasks' losses, each with its weight.

    Where no weights are given they are learned: of each task how uncertain its answers are
    (Kendall et al., 2018, CVPR): exp(−s) · L + s / 2 for classes, half of exp(−s) · L for numbers.
    """

    summary = "several tasks on one backbone, weights given or learned"
    paper = "Kendall et al., 2018, CVPR, Multi-Task Learning Using Uncertainty"
    views = frozenset({"labelled"})
    target_types = EVERY

    @dataclass(frozen=True)
    class Config:
        """`sizes`, `kinds`: outputs and kind of each task; `weights`: empty where learned."""

        sizes: tuple[int, ...] = ()
        kinds: tuple[str, ...] = ()
        weights: tuple[float, ...] = ()

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        own = self.config
        if own.sizes and not (
            len(own.sizes) == len(own.kinds) and len(own.weights) in (0, len(own.sizes))
        ):
            raise ConfigError(
                f"tasks: {len(own.sizes)} sizes, {len(own.kinds)} kinds, "
                f"{len(own.weights)} weights",
                hint="give one of each for every task",
            )
        self.uncertainty = nn.Parameter(torch.zeros(max(1, len(own.sizes))))

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return the weighted sum over tasks."""
        assert step.labelled is not None
        assert step.labelled.labels is not None
        sizes = tuple(self.config.sizes) or (self.n_classes,)
        kinds = tuple(self.config.kinds) or (CLASSES,)
        labels = step.labelled.labels.reshape(len(step.labelled.logits), -1).float()
        losses = task_losses(step.labelled.logits, labels, sizes, kinds)
        total = 0 * (step.labelled.logits.float().sum() + self.uncertainty.sum())
        for i, (loss, kind) in enumerate(zip(losses, kinds, strict=True)):
            if loss is None:
                continue
            if self.config.weights:
                total = total + self.config.weights[i] * loss
                continue
            s = self.uncertainty[i]
            share = 1.0 if kind == CLASSES else 0.5
            total = total + share * (-s).exp() * loss + s / 2
        return total
