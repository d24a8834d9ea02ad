"""Fine-tuning of the biases alone."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Needs
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, known_start
from .few import few_phase


@METHODS.register("bias-tuning")
class BiasTuning(NetworkMethod):
    """Biases and the head move. The shifts of normalisation layers are biases, too."""

    family = "tuning"
    summary = "move the biases and the head, nothing else"
    paper = "Ben Zaken et al., 2022, ACL, BitFit"
    needs = Needs(source="any", target="labelled", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
        """`epochs`: passes over the labelled target rows; None: those of fine-tuning."""

        epochs: Epochs = None

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀."""
        phase = few_phase(context, "biases", self.config.epochs)
        return TrainingPlan(known_start(context), (phase,))
