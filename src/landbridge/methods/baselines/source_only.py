"""Source only: what the source teaches, without a look at the target."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Requirements
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import source_phase


@METHODS.register("source-only")
class SourceOnly(NetworkMethod):
    """Training on the source's labels; the baseline of adaptation, and θ₀ of our own nets."""

    summary = "train on the source's labels, use it on the target as it is"
    needs = Requirements(
        source="model", target="any", gradients=True, shared_classes=True, target_types=EVERY
    )

    @dataclass(frozen=True)
    class Config:
        """No options."""

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Train from θ₀ as opened; a model that is the source itself is taken as it is."""
        return TrainingPlan("backbone", (source_phase(context),))
