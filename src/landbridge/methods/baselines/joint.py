"""Joint training L_source + λ · L_target."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Requirements
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import adapt_phase


@METHODS.register("joint")
class Joint(NetworkMethod):
    """Both domains' labels at once; every step has a batch of each."""

    summary = "train on both domains' labels at once, L_source + λ·L_target"
    needs = Requirements(
        source="labelled",
        target="labelled",
        gradients=True,
        shared_classes=True,
        target_types=EVERY,
    )

    @dataclass(frozen=True)
    class Config:
        """`target_weight`: λ."""

        target_weight: float = 1.0

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Go on from the source-only network."""
        return TrainingPlan("source", (adapt_phase(context, (), self.config.target_weight),))
