"""Fine-tuning that is pulled back to its start."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...base.errors import ConfigError
from ...training.plan import Phase
from ...training.schedules import warm_cosine
from ..core.base import METHODS
from ..core.network import PlanContext
from .base import Tuning, TuningConfig


def l2_sp_strength_for(phase: Phase, strength: float) -> float:
    """Return what takes all of a phase back to exp(−strength) of its way.

    Examples
    --------
    >>> phase = Phase("tune", 100, 0.01, warmup=0.0)
    >>> round(l2_sp_strength_for(phase, 1.0), 2)  # the rates of half a cosine add up to 0.505
    1.98
    """
    rates = sum(warm_cosine(step, phase.steps, phase.warmup) for step in range(phase.steps))
    return strength / (phase.learning_rate * rates)


@METHODS.register("l2-sp")
class L2SP(Tuning):
    """Everything moves, and each step goes a little of the way back to the start.

    The pull is decoupled from the gradient, as decay is in AdamW: it costs one fused
    interpolation a step. The head, which is new, is not pulled; decay to 0 takes its place.
    """

    summary = "fine-tune, each step pulled a little of the way back to the start"
    paper = "Li et al., 2018, ICML, Explicit Inductive Bias for Transfer Learning (L2-SP)"

    @dataclass(frozen=True)
    class Config(TuningConfig):
        """Options of `L2SP`.

        Attributes
        ----------
        epochs : float
            Passes over the labelled target rows; None: those of fine-tuning.
        alpha : float
            Without any gradient the whole phase would leave exp(−alpha) of the distance to
            the start, whatever rate and steps are.
        """

        alpha: float = 1.0

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """One phase."""
        if self.config.alpha < 0:
            raise ConfigError(f"l2-sp: alpha = {self.config.alpha}", hint="give a number from 0 on")
        phase = self.tune(context)
        return (replace(phase, l2_sp_strength=l2_sp_strength_for(phase, self.config.alpha)),)
