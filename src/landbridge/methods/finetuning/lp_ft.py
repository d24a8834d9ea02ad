"""Linear probing, then fine-tuning."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import Phase
from ..core.base import METHODS
from ..core.network import PlanContext
from .base import HeadFirst, HeadFirstConfig


@METHODS.register("lp-ft")
class LPFT(HeadFirst):
    """First the head on frozen features, then everything at rates that fall towards the input."""

    family = "network"
    summary = "first the head, then everything, so that a random head spoils nothing"
    paper = "Kumar et al., 2022, ICLR, Fine-Tuning can Distort Pretrained Features"

    @dataclass(frozen=True)
    class Config(HeadFirstConfig):
        """`head_epochs`, `epochs`: passes in each phase; `stage_decay`: of the rate by stage."""

        stage_decay: float = 0.8

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """Two phases; the second one starts from a head that fits."""
        tune = self.tune(context, stage_decay=self.config.stage_decay, head_factor=1.0)
        return self.head(context), tune
