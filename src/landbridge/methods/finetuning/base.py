"""What the ways to fine-tune share: where they start, their passes, what moves before the rest."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ...training.plan import Phase, TrainingPlan
from ..core.base import EVERY, Requirements
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import RATE, Epochs, initial_weights, tune_phase

FEW_RATE = 1e-3
"""For a few parameters of a pretrained backbone: they can go ten times as fast as all of them."""


@dataclass(frozen=True)
class TuningConfig:
    """`epochs`: passes over the labelled target rows; None: those of fine-tuning."""

    epochs: Epochs = None


class Tuning(NetworkMethod):
    """Base of what learns from target labels alone: a subclass writes `phases`."""

    family = "tuning"
    needs = Requirements(source="any", target="labelled", gradients=True, target_types=EVERY)
    Config: ClassVar[type] = TuningConfig

    @abstractmethod
    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """Return what moves, one phase after the other."""

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀."""
        return TrainingPlan(initial_weights(context), self.phases(context))

    def tune(self, context: PlanContext, **changes: Any) -> Phase:
        """Return the phase of fine-tuning, of as many passes as were named, with changes."""
        return replace(tune_phase(context, epochs=self.config.epochs), **changes)


class FewParameters(Tuning):
    """Base of what moves a few parameters and the head, at one rate."""

    trainable: ClassVar[str]

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """One phase."""
        rate = FEW_RATE if context.pretrained else RATE
        rate = context.learning_rate if context.learning_rate is not None else rate
        return (self.tune(context, trainable=self.trainable, learning_rate=rate, head_factor=1.0),)


@dataclass(frozen=True)
class HeadFirstConfig(TuningConfig):
    """Options of what fits the head first.

    Attributes
    ----------
    epochs, head_epochs : float
        Passes over the labelled target rows with everything that moves, and with the head alone.
    """

    head_epochs: Epochs = None


class HeadFirst(Tuning):
    """Base of what moves the head alone first, so that a random head spoils nothing."""

    Config: ClassVar[type] = HeadFirstConfig

    def head(self, context: PlanContext) -> Phase:
        """Return the first phase, at the head's own rate."""
        return head_phase(replace(context, learning_rate=None), self.config.head_epochs)


def head_phase(context: PlanContext, epochs: float | None = None) -> Phase:
    """Return a phase in which the head alone moves, over features computed once."""
    phase = tune_phase(context, name="head", epochs=epochs, usual=60)
    rate = context.learning_rate if context.learning_rate is not None else 1e-2
    return replace(phase, trainable="head", augment="none", head_factor=1.0, learning_rate=rate)
