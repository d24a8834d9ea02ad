"""Fine-tuning whose result is an average over its steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...base.errors import ConfigError
from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Needs
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, known_start, tune_phase


@METHODS.register("ema")
class Averaged(NetworkMethod):
    """Fine-tuning of everything; the exponential moving average of the weights answers."""

    family = "tuning"
    summary = "fine-tune, and answer with the average of the weights over the steps"
    paper = "Polyak and Juditsky, 1992, SIAM J. Control Optim. 30(4); Tarvainen and Valpola, 2017"
    needs = Needs(source="any", target="labelled", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
        """`epochs`: passes over the labelled target rows; `decay`: of the average, each step."""

        epochs: Epochs = None
        decay: float = 0.98

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀."""
        if not 0 < self.config.decay < 1:
            raise ConfigError(
                f"ema: decay = {self.config.decay}", hint="give a number inside 0 to 1"
            )
        phase = replace(tune_phase(context, epochs=self.config.epochs), average=self.config.decay)
        return TrainingPlan(known_start(context), (phase,))
