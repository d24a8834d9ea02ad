"""Phases that several methods share: the recipe in one place, the wishes of the user on top.

Steps, rates and weights were settled on digits (fonts to scans, MNIST to USPS and back) with
the small convolutional net, at the last step, over ten seeds, and are the same for all pairs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import Gt, Lt

from ...training.plan import Phase, TermSpec
from .network import PlanContext

RATE = 2e-3
"""For a network that starts at random."""
GENTLE_RATE = 1e-4
"""For a pretrained backbone; its head, which is new, gets ten times that."""
HEAD_RATE = 1e-2
"""For a head on features that stand still."""


Epochs = Annotated[float, Gt(0), Lt(1e6)] | None
"""Passes over the rows that a person names, which are kept; None for the recipe's own."""


def steps_for(rows: int, batch: int, epochs: float, least: int, most: int) -> int:
    """Return the steps of `epochs` passes over `rows`, kept within bounds."""
    return int(min(most, max(least, round(epochs * rows / batch))))


def named_steps(phase: Phase, context: PlanContext, rows: int, epochs: float | None) -> Phase:
    """Return the phase with the passes that a person named, however few or many steps they make.

    No budget shortens it then. Without `epochs` the phase stays as it is.
    """
    if epochs is None:
        return phase
    steps = max(1, round(epochs * rows / (context.batch_size or phase.batch_size)))
    return replace(phase, steps=steps, named=True)


def moving(context: PlanContext, phase: Phase) -> Phase:
    """Return the phase with rates that suit what is known, or with a head that moves alone."""
    if context.frozen:
        # New running statistics would change the features that the head has learned from.
        return replace(
            phase, trainable="head", augment="none", learning_rate=HEAD_RATE, renormalise=False
        )
    if context.pretrained:
        return replace(phase, learning_rate=GENTLE_RATE, head_factor=10.0)
    return replace(phase, learning_rate=RATE, weight_decay=1e-2)


def source_phase(context: PlanContext) -> Phase:
    """Return the recipe for training on the source alone."""
    batch = 32 if context.pretrained and not context.frozen else 64
    phase = moving(
        context,
        Phase(
            name="source",
            steps=steps_for(context.n_source, batch, 4, 200, 1000),
            learning_rate=RATE,
            batch_size=batch,
            augment="strong",
        ),
    )
    wishes = replace(context, steps=context.source_steps)
    return wishes.wished(phase)


def adapt_phase(
    context: PlanContext, terms: tuple[TermSpec, ...], target_weight: float = 1.0
) -> Phase:
    """Return the recipe that all adapting methods share."""
    rows = max(context.n_source, context.n_target)
    batch = 24 if context.pretrained and not context.frozen else 48
    return context.wished(
        moving(
            context,
            Phase(
                name="adapt",
                steps=steps_for(rows, batch, 6, 500, 1500),
                learning_rate=RATE,
                target_weight=target_weight if context.n_labelled else 0.0,
                terms=terms,
                batch_size=batch,
                augment="strong",
                average=0.99,
                renormalise=not context.pretrained,
            ),
        )
    )


def tune_phase(
    context: PlanContext, *, name: str = "tune", epochs: float | None = None, usual: float = 30
) -> Phase:
    """Return the recipe for training on target labels alone.

    `epochs` are passes that a person named, `usual` those of a network that knows nothing where
    none were.
    """
    unfrozen = replace(context, frozen=False)  # what tunes the network needs to move it
    if context.pretrained:
        usual *= 0.4  # what is known already takes fewer passes
    phase = Phase(
        name=name,
        steps=steps_for(context.n_labelled, 32, usual, 150, 2000),
        learning_rate=RATE,
        source_weight=0.0,
        target_weight=1.0,
        batch_size=32,
        augment="weak",
    )
    return context.wished(moving(unfrozen, named_steps(phase, context, context.n_labelled, epochs)))


def initial_weights(context: PlanContext) -> Literal["source", "backbone"]:
    """Start from what is known: the source-trained network where there is a source."""
    return "source" if context.n_source or context.model else "backbone"
