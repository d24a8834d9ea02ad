"""Distillation: a finished run teaches a network that may be smaller, or see something else."""

from __future__ import annotations

from dataclasses import dataclass

from ...training.plan import Phase, TermSpec, TrainingPlan
from ..core.base import METHODS, Requirements
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import RATE, Epochs, initial_weights, moving, named_steps, steps_for


@METHODS.register("distil")
class Distillation(NetworkMethod):
    """The student learns what a teacher says of the target's rows, and from labels where any are.

    No label is needed. Where rows have several modalities the teacher may see one and the student
    another: a model of images teaches one of texts (Gupta et al., 2016, CVPR).
    """

    summary = "learn a finished run's answers to the same rows (--teacher), labels or none"
    paper = "Hinton et al., 2015; Gupta et al., 2016, CVPR, Cross Modal Distillation"
    needs = Requirements(source="any", target="unlabelled", gradients=True, teacher=True)

    @dataclass(frozen=True)
    class Config:
        """Options of `Distillation`.

        Attributes
        ----------
        temperature : float
            That softens the answers.
        epochs : float
            Passes over the target's rows; None: 30, in 300 to 3,000 steps.
        target_weight : float
            λ of the labels, where target labels are there to use.
        """

        temperature: float = 2.0
        epochs: Epochs = None
        target_weight: float = 1.0

    def plan(self, context: PlanContext) -> TrainingPlan:
        """One phase."""
        spec = TermSpec("distil", options={"temperature": self.config.temperature})
        phase = moving(
            context,
            Phase(
                name="distil",
                steps=steps_for(context.n_target, 64, 30, 300, 3000),
                learning_rate=RATE,
                source_weight=0.0,
                target_weight=self.config.target_weight if context.n_labelled else 0.0,
                terms=(spec,),
                batch_size=64,
                augment="weak",
                average=0.99,
            ),
        )
        phase = named_steps(phase, context, context.n_target, self.config.epochs)
        return TrainingPlan(initial_weights(context), (context.wished(phase),))
