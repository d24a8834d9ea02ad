"""From scratch: what the target's labels teach without any transfer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Requirements
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, tune_phase


@METHODS.register("scratch")
class Scratch(NetworkMethod):
    """The same architecture, random weights, target labels only: the baseline of transfer."""

    summary = "train on the target's labels alone, from random weights"
    needs = Requirements(source="none", target="labelled", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
        """`epochs`: passes over the labelled target rows; None: 60, in 150 to 2,000 steps."""

        epochs: Epochs = None

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Everything moves; the rate is that of a network that knows nothing."""
        fresh = replace(context, pretrained=False)
        return TrainingPlan("random", (tune_phase(fresh, epochs=self.config.epochs, usual=60),))
