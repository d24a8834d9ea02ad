"""Fine-tuning with one term beside L_target: what such methods share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ...base.errors import ConfigError
from ...training.plan import TermSpec, TrainingPlan
from ..base import Needs
from ..head_only import head_phase
from ..network import NetworkMethod, PlanContext, own_options
from ..recipes import known_start, tune_phase


@dataclass(frozen=True)
class TuningConfig:
    """Options of fine-tuning with a term.

    Attributes
    ----------
    epochs : float
        Passes over the labelled target rows.
    weight : float
        Of the term.
    """

    epochs: float = 30.0
    weight: float = 1.0


class TermTuning(NetworkMethod):
    """L_target + weight · term, everything moves.

    Attributes
    ----------
    term : str
    head_epochs : float
        Passes of a first phase with the head alone, for terms that ask the head; 0 for none.
    """

    term: ClassVar[str]
    head_epochs: ClassVar[float] = 0.0
    needs = Needs(source="any", target="labelled", gradients=True)
    Config = TuningConfig

    def options(self) -> dict[str, Any]:
        """Return the term's own options."""
        return own_options(self.config, TuningConfig)

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀."""
        own = self.config
        if own.weight <= 0:
            raise ConfigError(f"{self.name}: weight = {own.weight}", do="give a number over 0")
        spec = TermSpec(self.term, own.weight, options=self.options())
        tune = replace(tune_phase(context, epochs=own.epochs), terms=(spec,))
        if not self.head_epochs:
            return TrainingPlan(known_start(context), (tune,))
        head = head_phase(replace(context, rate=None), self.head_epochs)
        return TrainingPlan(known_start(context), (head, replace(tune, head_factor=1.0)))
