"""What the methods of this family share: the tuning phase with other words in it."""

from __future__ import annotations

from dataclasses import replace

from ...training.plan import Phase
from ..core.network import PlanContext
from ..core.recipes import RATE, tune_phase

FEW_RATE = 1e-3
"""For a few parameters of a pretrained backbone: they can go ten times as fast as all of them."""


def few_phase(context: PlanContext, moves: str, epochs: float | None) -> Phase:
    """Return a tuning phase in which a few parameters and the head move, at one rate."""
    rate = FEW_RATE if context.pretrained else RATE
    return replace(
        tune_phase(context, epochs=epochs),
        moves=moves,
        rate=context.rate if context.rate is not None else rate,
        head_factor=1.0,
    )
