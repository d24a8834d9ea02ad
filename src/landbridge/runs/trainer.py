"""Trains the plans of one fit: the same data and start for each, other labels where a fold asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from ..artifacts.state import CHECKPOINT
from ..backbones.surgery import Network
from ..base.events import Events
from ..training.batches import Side
from ..training.devices import borrowed
from ..training.full_plan import Trained, train_plan
from ..training.loop import LoopOptions, TrainingData
from ..training.plan import TrainingPlan
from .context import FitContext
from .features import stored_features
from .networks import starting_network
from .pretrained_heads import pretrained_head, wants_pretrained_head

State = Mapping[str, torch.Tensor]


@dataclass
class Trainer:
    """What all trainings of a fit have in common.

    Attributes
    ----------
    context : FitContext
    name : str
        Of the method, for the log.
    seed : int
    target : Side
        With the labels that this fit may use.
    source_state : callable () -> mapping of tensors
        The source-only network of this seed; called where a plan starts from it.
    events : Events
    source_only : bool
        Whether this is the source-only fit itself, which has the source's own classes.
    """

    context: FitContext
    name: str
    seed: int
    target: Side
    source_state: Callable[[], State]
    events: Events
    source_only: bool = False

    @property
    def classes(self) -> tuple[str, ...]:
        """What the network answers with."""
        return self.context.data.source_classes if self.source_only else self.context.data.classes

    def train(
        self, plan: TrainingPlan, folder: Path, *, target: Side | None = None, fit: str = ""
    ) -> tuple[Network, Trained, Mapping[str, object] | None]:
        """Train a plan, going on from the checkpoint in `folder` where there is one.

        Parameters
        ----------
        target : Side, optional
            With other labels, for a fold.
        fit : str
            What the log calls it.
        """
        context = self.context
        state = self.source_state() if plan.start == "source" else None
        network, report = starting_network(
            context, plan, self.classes, self.seed, state, self.events
        )
        data = TrainingData(
            self._source(),
            self.target if target is None else target,
            context.backbone.preprocessing,
            context.data.reading.target_type.n_outputs(len(self.classes)),
            features=stored_features(context, self.seed, self.events),
            target_type=context.data.situation.target_type,
            teacher=context.data.teacher,
        )
        if wants_pretrained_head(plan):
            data.pretrained_head = pretrained_head(
                context, state, self.name, self.seed, self.events
            )
        options = LoopOptions(
            precision=context.settings.precision,
            device=torch.device(context.settings.device),
            checkpoint=folder / CHECKPOINT,
            checkpoint_seconds=context.config.training.checkpoint_seconds,
            fit=fit or self.name,
        )
        with borrowed(network, options.device):
            trained = train_plan(
                network,
                plan,
                data,
                seed=self.seed,
                options=options,
                events=self.events,
                adapter_folder=folder / "adapter",
                base=self._base(plan),
            )
        return network, trained, report

    def _base(self, plan: TrainingPlan) -> str:
        if plan.start == "source":
            return f"source-only network, seed {self.seed}"
        return str(self.context.backbone.identity.name)

    def _source(self) -> Side | None:
        source = self.context.data.source
        if source is None:
            return None
        labels = self.context.data.source_own if self.source_only else source.labels
        # Rows whose class is not among the answers teach the source-only network alone.
        labeled = source.labeled_mask & ~self.context.data.validation
        if not self.source_only:
            labeled = self.context.data.teaching
        return Side(source.inputs, labels, labeled)
