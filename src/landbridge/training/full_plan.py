"""One plan from its start to its end: adapter in, phases, adapter merged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from ..backbones.surgery import Network
from ..base.events import SILENT, Events
from ..base.typed import Notes
from .adapter import inject, merge_adapter, save_adapter
from .data import TrainingData
from .loop import LoopOptions, train
from .plan import TrainingPlan


@dataclass
class Trained:
    """What training a plan gave, beside the network.

    Attributes
    ----------
    losses : dict
        The last ones.
    before : dict of tensors or None
        The network before the last phase, for plans that mix.
    notes : dict
        Plain values for people.
    """

    losses: dict[str, float]
    before: dict[str, torch.Tensor] | None = None
    notes: Notes = field(default_factory=dict)


def train_plan(
    network: Network,
    plan: TrainingPlan,
    data: TrainingData,
    *,
    seed: int,
    options: LoopOptions | None = None,
    events: Events = SILENT,
    adapter_folder: Path | None = None,
    base: str = "",
) -> Trained:
    """Train `network`, which is at the plan's start, in place.

    Parameters
    ----------
    adapter_folder : Path, optional
        Where the adapter goes in PEFT's layout.
    base : str
        What the network at the start is called there.
    """
    options = options or LoopOptions()
    trained = Trained({})
    if plan.adapter is not None:
        trained.notes |= inject(network, plan.adapter, seed)
    phases = plan.phases
    if plan.mix:
        first = options
        if options.checkpoint is not None:
            name = f"{options.checkpoint.stem}-before{options.checkpoint.suffix}"
            first = replace(options, checkpoint=options.checkpoint.with_name(name))
        if phases[:-1]:
            train(network, phases[:-1], data, seed=seed, options=first, events=events)
        trained.before = {name: t.cpu().clone() for name, t in network.state_dict().items()}
        phases = phases[-1:]
    trained.losses = train(network, phases, data, seed=seed, options=options, events=events)
    if plan.adapter is not None:
        if adapter_folder is not None:
            save_adapter(network, plan.adapter, adapter_folder, base)
        merge_adapter(network)
    return trained
