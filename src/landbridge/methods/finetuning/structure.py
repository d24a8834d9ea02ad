"""Structure transfer: the architecture, and the tensors of its first stages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...training.plan import Phase, TrainingPlan
from ..core.base import METHODS
from ..core.network import PlanContext
from ..core.recipes import tune_phase
from .base import Tuning, TuningConfig


@METHODS.register("structure")
class Structure(Tuning):
    """Keeps θ₀'s structure and its first stages; later stages and the head start afresh.

    What was transferred, reshaped or started afresh is listed by tensor name in
    ``transfer.json``.
    """

    family = "network"
    summary = "keep the architecture and its first stages, start the rest afresh"
    paper = "Yosinski et al., 2014, NeurIPS (transfer of the first n layers)"

    @dataclass(frozen=True)
    class Config(TuningConfig):
        """`keep`: share of the stages that is kept, from the input; `epochs`: passes."""

        keep: float = 0.6

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀, cut after `keep` of the stages."""
        return replace(super().plan(context), keep_stages=self.config.keep)

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """One phase."""
        return (tune_phase(context, epochs=self.config.epochs, usual=40),)
