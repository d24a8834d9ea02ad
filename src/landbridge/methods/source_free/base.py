"""What source-free methods share: a phase in which the source is not there."""

from __future__ import annotations

from dataclasses import replace

from ...training.plan import TrainingPlan
from ..core.network import PlanContext, TermMethod
from ..core.recipes import adapt_phase

PACE = 0.25
"""Of the rate that adapting has beside the source's labels: nothing holds the network here."""


class SourceFreeMethod(TermMethod):
    """Terms on unlabelled target rows (+ λ · L_target where there are labels), and no source.

    It goes on from the source-only network: where that is given, or a run is the source, no row
    of the source is read; where the source's labels are there, such a network is trained first.
    """

    family = "source_free"
    needs = replace(TermMethod.needs, source="model")
    ramp = 0.0
    """Full strength from the start: the term is all that is learned from."""
    moves = "all"
    """What moves where the backbone may."""

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Go on from the source-only network of the same seed, by the target's rows alone."""
        alone = replace(context, n_source=0)  # the source's size sets no number of steps
        phase = adapt_phase(alone, self.terms(), self.config.target_weight)
        phase = replace(phase, source_weight=0.0)
        if context.rate is None and not (context.pretrained or context.frozen):
            phase = replace(phase, rate=PACE * phase.rate)
        if phase.moves == "all":
            phase = replace(phase, moves=self.moves)
        return TrainingPlan("source", (phase,))
