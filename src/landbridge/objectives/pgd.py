"""Adversarial training: the loss where projected gradient ascent finds it highest."""

from __future__ import annotations

import torch

from .base import TERMS, ViewOutputs
from .perturb import PerturbTerm


@TERMS.register("pgd")
class PGD(PerturbTerm):
    """The task's loss on inputs that were changed so that it rises, beside that on the inputs."""

    summary = "learn from inputs that were changed so that the loss rises"
    paper = "Madry et al., 2018, ICLR, Towards Deep Learning Models Resistant to Attacks"

    def loss_of(self, view: ViewOutputs) -> torch.Tensor:
        """Return the mean loss at the end of the search."""
        assert view.inputs is not None
        loss = self.task_loss(view.labels)
        found = self.search(view.inputs, loss)
        return loss(self.setting.network(found)[1].float())
