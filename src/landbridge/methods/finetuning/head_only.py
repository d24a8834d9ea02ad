"""Fine-tuning of the head alone, by gradient."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import Phase
from ..core.base import METHODS
from ..core.network import PlanContext
from .base import Tuning, TuningConfig, head_phase


@METHODS.register("head-only")
class HeadOnly(Tuning):
    """θ₀ stands still, a new head is trained on its features."""

    family = "network"
    summary = "train a new head on frozen features, by gradient"

    @dataclass(frozen=True)
    class Config(TuningConfig):
        """`epochs`: passes over the labelled target rows.

        They are kept as named. None: 60 (24 of a pretrained backbone), in 150 to 2,000 steps.
        """

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """One phase."""
        return (head_phase(context, self.config.epochs),)
