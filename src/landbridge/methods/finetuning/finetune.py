"""Fine-tuning of the whole network."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Needs
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, known_start, tune_phase


@METHODS.register("finetune")
class FineTune(NetworkMethod):
    """All of θ₀ moves, with a new head where the classes are new."""

    summary = "move every weight of what is known, on the target's labels"
    paper = "Yosinski et al., 2014, NeurIPS, How transferable are features"
    needs = Needs(source="any", target="labelled", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
        """`epochs`: passes over the labelled target rows.

        They are kept as named. None: 30 (12 of a pretrained backbone), in 150 to 2,000 steps.
        """

        epochs: Epochs = None

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀."""
        return TrainingPlan(known_start(context), (tune_phase(context, epochs=self.config.epochs),))
