"""Pretraining without labels on the rows of both domains, then whatever labels there are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..training.plan import Phase, TermSpec, TrainingPlan
from .base import EVERY, METHODS, Needs
from .network import NetworkMethod, PlanContext
from .recipes import (
    GENTLE_RATE,
    RATE,
    adapt_phase,
    known_start,
    source_phase,
    steps_for,
    tune_phase,
)


@METHODS.register("pretrain")
class Pretrain(NetworkMethod):
    """First two views of each row find each other, then the labels of either side are learned.

    The first phase reads no label, and all rows of both domains: an unlabelled source, or the
    unlabelled rest of a target, is what is transferred. Then, with target labels, the network is
    tuned on them, together with the source's where those are of the same classes; with source
    labels alone, on those, as contrastive pretraining on both domains brings them together
    (Shen et al., 2022, ICML).
    """

    summary = "learn from rows without labels first (contrastive), then from the labels there are"
    paper = "Chen et al., 2020, ICML, SimCLR; Shen et al., 2022, ICML, Connect, Not Collapse"
    needs = Needs(source="any", target="any", gradients=True, answers=EVERY)

    @dataclass(frozen=True)
    class Config:
        """Options of `Pretrain`.

        Attributes
        ----------
        epochs : float
            Passes over the rows without labels.
        batch : int
            Rows of each domain that are told apart at once.
        temperature : float
        tune_epochs : float
            Passes over the labelled target rows.
        """

        epochs: float = 40.0
        batch: int = 128
        temperature: float = 0.2
        tune_epochs: float = 30.0

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Two phases."""
        config, rows = self.config, max(context.n_target, context.n_source)
        first = Phase(
            name="pretrain",
            steps=steps_for(rows, config.batch, config.epochs, 300, 3000),
            rate=GENTLE_RATE if context.pretrained else RATE,
            source_weight=0.0,
            terms=(TermSpec("contrast", options={"temperature": config.temperature}),),
            batch=config.batch,
            weight_decay=1e-4 if context.pretrained else 1e-2,
            augment="strong",
        )
        wish = replace(context, augment=None, batch=None)
        own = replace(context, frozen=False)
        if context.n_labelled and context.n_source and context.same_classes:
            then = replace(adapt_phase(own, ()), name="joint")
        elif context.n_labelled:
            then = tune_phase(context, epochs=config.tune_epochs)
        else:
            then = source_phase(own)
        start = known_start(context) if context.model else "backbone"
        return TrainingPlan(start, (wish.wished(first), then))
