"""Fine-tuning with layer-wise learning rates."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import Phase
from ..core.base import METHODS
from ..core.network import PlanContext
from .base import Tuning, TuningConfig


@METHODS.register("layerwise")
class Layerwise(Tuning):
    """Early layers, which hold what is general, move less than late ones."""

    family = "network"
    summary = "fine-tune with rates that fall towards the input"
    paper = "Howard and Ruder, 2018, ACL, ULMFiT (discriminative fine-tuning)"

    @dataclass(frozen=True)
    class Config(TuningConfig):
        """`epochs`: passes; `stage_decay`: rate of a stage relative to the next one."""

        stage_decay: float = 0.65

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """One phase."""
        return (self.tune(context, stage_decay=self.config.stage_decay),)
