"""Surgical fine-tuning."""

from __future__ import annotations

from dataclasses import dataclass

from ...base.errors import ConfigError
from ...training.plan import Phase
from ..core.base import METHODS
from ..core.network import PlanContext
from .base import HeadFirst, HeadFirstConfig


@METHODS.register("surgical")
class Surgical(HeadFirst):
    """First the head, then the stage whose gradient is largest for its size, and the head.

    A shift of the inputs asks the first stages to move, one of the labels the last. The choice
    is made once, when the head fits, on granted labels; the log names the stage.
    """

    summary = "move the one stage whose gradient is largest for its size"
    paper = "Lee et al., 2023, ICLR, Surgical Fine-Tuning Improves Adaptation (Auto-RGN)"

    @dataclass(frozen=True)
    class Config(HeadFirstConfig):
        """`head_epochs`, `epochs`: passes in each phase; `stages`: how many stages move."""

        stages: int = 1

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """Two phases."""
        stages = self.config.stages
        if stages < 1:
            raise ConfigError(f"surgical: stages = {stages}", hint="give 1 or more")
        tune = self.tune(context, trainable=f"surgical:{stages}", head_factor=1.0)
        return self.head(context), tune
