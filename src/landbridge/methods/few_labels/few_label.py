"""Few target labels and an unlabelled rest: everything that helps, λ chosen by folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...base.errors import ConfigError
from ...training.plan import TermSpec, TrainingPlan
from ..core.base import METHODS, Requirements
from ..core.network import PlanContext
from ..core.recipes import adapt_phase
from ..core.terms import RAMP, TermMethod


@METHODS.register("few-label")
class FewLabel(TermMethod):
    """L_source + λ · L_target + InfoMax + self-training by a strong view's consistency.

    λ is chosen by three-fold cross-validation on the granted labels: three trainings for each
    value, and one at the end. Where some class has a single label, the first value is taken.
    """

    summary = "joint training, InfoMax and self-training at once, λ chosen by folds"
    paper = "Liang et al., 2020, ICML (InfoMax); Sohn et al., 2020, NeurIPS (FixMatch)"
    needs = Requirements(source="labelled", target="labelled", gradients=True, shared_classes=True)

    @dataclass(frozen=True)
    class Config:
        """Options of `FewLabel`.

        Attributes
        ----------
        target_weights : tuple of float
            Values of λ to choose from.
        terms : mapping of str to float
            Weight of each transfer term.
        """

        target_weights: tuple[float, ...] = (1.0, 0.3, 3.0)
        terms: Mapping[str, float] = field(
            default_factory=lambda: {"infomax": 1.0, "consistency": 1.0}
        )

    def terms(self) -> tuple[TermSpec, ...]:
        """Return the terms that act."""
        return tuple(
            TermSpec(name, weight, ramp=RAMP) for name, weight in self.config.terms.items()
        )

    def plan(self, context: PlanContext) -> TrainingPlan:
        """The first of the variants."""
        return next(iter(self.variants(context).values()))

    def variants(self, context: PlanContext) -> Mapping[str, TrainingPlan]:
        """Go on from the source-only network, with each λ."""
        weights = self.config.target_weights
        if not weights or min(weights) <= 0:
            raise ConfigError(
                f"few-label: target_weights = {weights}", hint="give one number over 0 or more"
            )
        return {
            f"λ = {weight:g}": TrainingPlan("source", (adapt_phase(context, self.terms(), weight),))
            for weight in weights
        }
