"""Fine-tuning with one term beside L_target: what such methods share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ...base.errors import ConfigError
from ...training.plan import TermSpec, TrainingPlan
from ..core.base import Needs
from ..core.network import NetworkMethod, PlanContext, own_options
from ..core.recipes import Epochs, known_start, tune_phase
from .head_only import head_phase


@dataclass(frozen=True)
class TuningConfig:
    """Options of fine-tuning with a term.

    Attributes
    ----------
    epochs : float
        Passes over the labelled target rows; None: those of fine-tuning.
    weight : float
        Of the term.
    """

    epochs: Epochs = None
    weight: float = 1.0


class TermTuning(NetworkMethod):
    """L_target + weight · term, everything moves.

    Attributes
    ----------
    term : str
    head_first : bool
        Whether the head moves alone in a first phase, for terms that ask the head.
    """

    family = "tuning"
    term: ClassVar[str]
    head_first: ClassVar[bool] = False
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
        if not self.head_first:
            return TrainingPlan(known_start(context), (tune,))
        head = head_phase(replace(context, rate=None))
        return TrainingPlan(known_start(context), (head, replace(tune, head_factor=1.0)))
