"""Fine-tuning with layer-wise learning rates."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Needs
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, known_start, tune_phase


@METHODS.register("layerwise")
class Layerwise(NetworkMethod):
    """Early layers, which hold what is general, move less than late ones."""

    summary = "fine-tune with rates that fall towards the input"
    paper = "Howard and Ruder, 2018, ACL, ULMFiT (discriminative fine-tuning)"
    needs = Needs(source="any", target="labelled", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
        """`epochs`: passes; `stage_decay`: rate of a stage relative to the next one."""

        epochs: Epochs = None
        stage_decay: float = 0.65

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀."""
        phase = tune_phase(context, epochs=self.config.epochs)
        phase = replace(phase, stage_decay=self.config.stage_decay)
        return TrainingPlan(known_start(context), (phase,))
