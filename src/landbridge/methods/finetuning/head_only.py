"""Fine-tuning of the head alone, by gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...training.plan import Phase, TrainingPlan
from ..core.base import EVERY, METHODS, Needs
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, known_start, tune_phase


def head_phase(context: PlanContext, epochs: float | None = None) -> Phase:
    """Return a phase in which the head alone moves, over features computed once."""
    phase = tune_phase(context, name="head", epochs=epochs, usual=60)
    rate = context.rate if context.rate is not None else 1e-2
    return replace(phase, moves="head", augment="none", head_factor=1.0, rate=rate)


@METHODS.register("head-only")
class HeadOnly(NetworkMethod):
    """θ₀ stands still, a new head is trained on its features."""

    summary = "train a new head on frozen features, by gradient"
    needs = Needs(source="any", target="labelled", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
        """`epochs`: passes over the labelled target rows.

        They are kept as named. None: 60 (24 of a pretrained backbone), in 150 to 2,000 steps.
        """

        epochs: Epochs = None

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀."""
        return TrainingPlan(known_start(context), (head_phase(context, self.config.epochs),))
