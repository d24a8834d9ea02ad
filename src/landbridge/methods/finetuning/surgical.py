"""Surgical fine-tuning."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...base.errors import ConfigError
from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Needs
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, known_start, tune_phase
from .head_only import head_phase


@METHODS.register("surgical")
class Surgical(NetworkMethod):
    """First the head, then the stage whose gradient is largest for its size, and the head.

    A shift of the inputs asks the first stages to move, one of the labels the last. The choice
    is made once, when the head fits, on granted labels; the log names the stage.
    """

    family = "tuning"
    summary = "move the one stage whose gradient is largest for its size"
    paper = "Lee et al., 2023, ICLR, Surgical Fine-Tuning Improves Adaptation (Auto-RGN)"
    needs = Needs(source="any", target="labelled", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
        """`head_epochs`, `epochs`: passes in each phase; `stages`: how many stages move."""

        head_epochs: Epochs = None
        epochs: Epochs = None
        stages: int = 1

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀."""
        if self.config.stages < 1:
            raise ConfigError(f"surgical: stages = {self.config.stages}", hint="give 1 or more")
        head = head_phase(replace(context, rate=None), self.config.head_epochs)
        tune = tune_phase(context, epochs=self.config.epochs)
        tune = replace(tune, moves=f"surgical:{self.config.stages}", head_factor=1.0)
        return TrainingPlan(known_start(context), (head, tune))
