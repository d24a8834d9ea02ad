"""Methods that need a model trained on the source, and none of its data."""

from __future__ import annotations

from dataclasses import replace

from ..training.plan import TrainingPlan
from .core.network import PlanContext
from .core.recipes import adapt_phase
from .core.terms import ASSUMES_NO_LABEL_SHIFT, TermMethod, term_method

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
    trainable = "all"
    """What moves where the backbone may."""

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Go on from the source-only network of the same seed, by the target's rows alone."""
        alone = replace(context, n_source=0)  # the source's size sets no number of steps
        phase = adapt_phase(alone, self.terms(), self.config.target_weight)
        phase = replace(phase, source_weight=0.0)
        if context.learning_rate is None and not (context.pretrained or context.frozen):
            phase = replace(phase, learning_rate=PACE * phase.learning_rate)
        if phase.trainable == "all":
            phase = replace(phase, trainable=self.trainable)
        return TrainingPlan("source", (phase,))


# What nrc and shot want, classes equally often, goes wrong where shares differ.
term_method(
    "nrc",
    "answers agree with those of reciprocal neighbours on the target",
    "Yang et al., 2021, NeurIPS (NRC)",
    base=SourceFreeMethod,
    needs=replace(ASSUMES_NO_LABEL_SHIFT, source="model"),
    options={
        "n_neighbors": (3, "How many a row learns from."),
        "expanded": (3, "How many neighbours of each of these are learned from, too."),
    },
)
term_method(
    "aad",
    "neighbours among the target's rows answer alike, others differently",
    "Yang et al., 2022, NeurIPS (AaD)",
    about="Needs batches of several classes: what is dispersed is the rest of the batch.",
    base=SourceFreeMethod,
    options={
        "n_neighbors": (3, "How many attract a row."),
        "decay": (5.0, "How fast dispersion fades: at the end it counts 11^−decay."),
    },
)
term_method(
    "shot",
    "the source's head stays, features move to be certain, diverse and clustered",
    "Liang et al., 2020, ICML (SHOT)",
    base=SourceFreeMethod,
    needs=replace(ASSUMES_NO_LABEL_SHIFT, source="model"),
    about="Where the backbone has to stand still, the head moves instead.",
    trainable="backbone",
    options={"pseudo": (0.3, "Weight of the pseudo-labels within the term.")},
)
