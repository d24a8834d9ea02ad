"""Fine-tuning of the normalisation layers alone."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Needs
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, known_start
from .few import few_phase


@METHODS.register("norm-tuning")
class NormTuning(NetworkMethod):
    """Scales and shifts of normalisation and the head move; running statistics follow."""

    family = "tuning"
    summary = "move the normalisation layers and the head, nothing else"
    paper = "Frankle et al., 2021, ICLR, Training BatchNorm and Only BatchNorm"
    needs = Needs(source="any", target="labelled", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
        """`epochs`: passes over the labelled target rows; None: those of fine-tuning."""

        epochs: Epochs = None

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀."""
        phase = few_phase(context, "norms", self.config.epochs)
        return TrainingPlan(known_start(context), (phase,))
