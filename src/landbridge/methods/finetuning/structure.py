"""Structure transfer: the architecture, and the tensors of its first stages."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import TrainingPlan
from ..core.base import EVERY, METHODS, Needs
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, known_start, tune_phase


@METHODS.register("structure")
class Structure(NetworkMethod):
    """Keeps θ₀'s structure and its first stages; later stages and the head start afresh.

    What was transferred, reshaped or started afresh is listed by tensor name in
    ``transfer.json``.
    """

    summary = "keep the architecture and its first stages, start the rest afresh"
    paper = "Yosinski et al., 2014, NeurIPS (transfer of the first n layers)"
    needs = Needs(source="any", target="labelled", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
        """`keep`: share of the stages that is kept, from the input; `epochs`: passes."""

        keep: float = 0.6
        epochs: Epochs = None

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀, cut after `keep` of the stages."""
        return TrainingPlan(
            known_start(context),
            (tune_phase(context, epochs=self.config.epochs, usual=40),),
            keep_stages=self.config.keep,
        )
