"""Fine-tuning whose result is an average over its steps."""

from __future__ import annotations

from dataclasses import dataclass

from ...base.errors import ConfigError
from ...training.plan import Phase
from ..core.base import METHODS
from ..core.network import PlanContext
from .base import Tuning, TuningConfig


@METHODS.register("ema")
class Averaged(Tuning):
    """Fine-tuning of everything; the exponential moving average of the weights answers."""

    summary = "fine-tune, and answer with the average of the weights over the steps"
    paper = "Polyak and Juditsky, 1992, SIAM J. Control Optim. 30(4); Tarvainen and Valpola, 2017"

    @dataclass(frozen=True)
    class Config(TuningConfig):
        """`epochs`: passes over the labelled target rows; `decay`: of the average, each step."""

        decay: float = 0.98

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """One phase."""
        if not 0 < self.config.decay < 1:
            raise ConfigError(
                f"ema: decay = {self.config.decay}", hint="give a number inside 0 to 1"
            )
        return (self.tune(context, average=self.config.decay),)
