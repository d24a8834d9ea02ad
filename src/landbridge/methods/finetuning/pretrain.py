"""Pretraining without labels on the rows of both domains, then whatever labels there are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...base.errors import ConfigError
from ...training.plan import Phase, TermSpec, TrainingPlan
from ..core.base import EVERY, METHODS, Requirements
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import (
    GENTLE_RATE,
    RATE,
    Epochs,
    adapt_phase,
    initial_weights,
    named_steps,
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
    needs = Requirements(source="any", target="any", gradients=True, target_types=EVERY)

    @dataclass(frozen=True)
    class Config:
        """Options of `Pretrain`.

        Attributes
        ----------
        epochs : float
            Passes over the rows without labels; None: 40, in 300 to 3,000 steps.
        batch_size : int
            Rows of each domain that are told apart at once.
        temperature : float
        tune_epochs : float
            Passes over the labelled target rows, where they are learned by themselves; None:
            30 (12 of a pretrained backbone), in 150 to 2,000 steps.
        """

        epochs: Epochs = None
        batch_size: int = 128
        temperature: float = 0.2
        tune_epochs: Epochs = None

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Two phases."""
        config, rows = self.config, max(context.n_target, context.n_source)
        first = Phase(
            name="pretrain",
            steps=steps_for(rows, config.batch_size, 40, 300, 3000),
            learning_rate=GENTLE_RATE if context.pretrained else RATE,
            source_weight=0.0,
            terms=(TermSpec("contrast", options={"temperature": config.temperature}),),
            batch_size=config.batch_size,
            weight_decay=1e-4 if context.pretrained else 1e-2,
            augment="strong",
        )
        wish = replace(context, augment=None, batch_size=None)
        first = named_steps(first, wish, rows, config.epochs)
        own = replace(context, frozen=False)
        together = context.n_labelled and context.n_source and context.same_classes
        if config.tune_epochs is not None and (together or not context.n_labelled):
            raise ConfigError(
                f"pretrain: tune_epochs = {config.tune_epochs:g} would be without effect: the "
                f"labels of the source are learned{' along' if together else ', and no others'}",
                hint="leave tune_epochs out",
            )
        if together:
            then = replace(adapt_phase(own, ()), name="joint")
        elif context.n_labelled:
            then = tune_phase(context, epochs=config.tune_epochs)
        else:
            then = source_phase(own)
        start = initial_weights(context) if context.model else "backbone"
        return TrainingPlan(start, (wish.wished(first), then))
