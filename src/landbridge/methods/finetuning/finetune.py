"""Fine-tuning of the whole network."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import Phase
from ..core.base import METHODS
from ..core.network import PlanContext
from .base import Tuning, TuningConfig


@METHODS.register("finetune")
class FineTune(Tuning):
    """All of θ₀ moves, with a new head where the classes are new."""

    family = "network"
    summary = "move every weight of what is known, on the target's labels"
    paper = "Yosinski et al., 2014, NeurIPS, How transferable are features"

    @dataclass(frozen=True)
    class Config(TuningConfig):
        """`epochs`: passes over the labelled target rows.

        They are kept as named. None: 30 (12 of a pretrained backbone), in 150 to 2,000 steps.
        """

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """One phase."""
        return (self.tune(context),)
