"""Gradual unfreezing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...base.errors import ConfigError
from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Needs
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, known_start, tune_phase
from .head_only import head_phase


@METHODS.register("gradual")
class Gradual(NetworkMethod):
    """First the head, then the last stage as well, then the last two, ..., then everything.

    The steps of a fine-tuning are shared out among the phases that move the backbone.
    """

    family = "tuning"
    summary = "unfreeze one stage after the other, from the head on"
    paper = "Howard and Ruder, 2018, ACL, ULMFiT (gradual unfreezing)"
    needs = Needs(source="any", target="labelled", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
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

        head_epochs: Epochs = None
        epochs: Epochs = None
        stages: int = 3
        stage_decay: float = 0.8

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀."""
        count = self.config.stages
        if not 1 <= count <= 50:
            raise ConfigError(f"gradual: stages = {count}", hint="give a number from 1 to 50")
        head = head_phase(replace(context, rate=None), self.config.head_epochs)
        tune = tune_phase(context, epochs=self.config.epochs)
        tune = replace(tune, stage_decay=self.config.stage_decay, head_factor=1.0)
        part = max(1, tune.steps // (count + 1))
        unfreezing = tuple(
            replace(tune, name=f"last {n}", moves=f"last:{n}", steps=part)
            for n in range(1, count + 1)
        )
        rest = replace(tune, steps=max(1, tune.steps - count * part))
        return TrainingPlan(known_start(context), (head, *unfreezing, rest))
