"""Gradual unfreezing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...base.errors import ConfigError
from ...training.plan import Phase
from ..core.base import METHODS
from ..core.network import PlanContext
from .base import HeadFirst, HeadFirstConfig


@METHODS.register("gradual")
class Gradual(HeadFirst):
    """First the head, then the last stage as well, then the last two, ..., then everything.

    The steps of a fine-tuning are shared out among the phases that move the backbone.
    """

    summary = "unfreeze one stage after the other, from the head on"
    paper = "Howard and Ruder, 2018, ACL, ULMFiT (gradual unfreezing)"

    @dataclass(frozen=True)
    class Config(HeadFirstConfig):
        """Options of `Gradual`.

        Attributes
        ----------
        head_epochs, epochs : float
            Passes over the labelled target rows with the head alone, and of all others.
        stages : int
            How many are unfrozen one by one before everything moves.
        stage_decay : float
            Rate of a stage relative to the next one.
        """

        stages: int = 3
        stage_decay: float = 0.8

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """The head, then one stage more in each phase, then all."""
        count = self.config.stages
        if not 1 <= count <= 50:
            raise ConfigError(f"gradual: stages = {count}", hint="give a number from 1 to 50")
        tune = self.tune(context, stage_decay=self.config.stage_decay, head_factor=1.0)
        part = max(1, tune.steps // (count + 1))
        unfreezing = tuple(
            replace(tune, name=f"last {n}", trainable=f"last:{n}", steps=part)
            for n in range(1, count + 1)
        )
        rest = replace(tune, steps=max(1, tune.steps - count * part))
        return (self.head(context), *unfreezing, rest)
