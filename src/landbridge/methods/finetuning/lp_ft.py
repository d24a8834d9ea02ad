"""Linear probing, then fine-tuning."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Needs
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, known_start, tune_phase
from .head_only import head_phase


@METHODS.register("lp-ft")
class LPFT(NetworkMethod):
    """First the head on frozen features, then everything at rates that fall towards the input."""

    summary = "first the head, then everything, so that a random head spoils nothing"
    paper = "Kumar et al., 2022, ICLR, Fine-Tuning can Distort Pretrained Features"
    needs = Needs(source="any", target="labelled", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
        """`head_epochs`, `epochs`: passes in each phase; `stage_decay`: of the rate by stage."""

        head_epochs: Epochs = None
        epochs: Epochs = None
        stage_decay: float = 0.8

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Two phases; the second one starts from a head that fits."""
        head = replace(head_phase(replace(context, rate=None), self.config.head_epochs))
        tune = tune_phase(context, epochs=self.config.epochs)
        tune = replace(tune, stage_decay=self.config.stage_decay, head_factor=1.0)
        return TrainingPlan(known_start(context), (head, tune))
