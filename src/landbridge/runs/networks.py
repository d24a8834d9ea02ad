"""From θ₀ and what fits left on disk to networks, and from networks to answers."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch

from ..backbones.fresh import randomise
from ..backbones.heads import ColumnsHead, StagesHead, StepsHead, head_from_state
from ..backbones.surgery import Network, make_network, transfer_tensors
from ..base.events import Events
from ..base.seeds import derive
from ..methods.core.base import Head
from ..training.plan import TrainingPlan
from .context import FitContext

State = Mapping[str, torch.Tensor]


def new_network(context: FitContext, n_classes: int, seed: int, events: Events) -> Network:
    """Return θ₀ with a new head; θ₀ itself stays as it is."""
    opened = copy.copy(context.backbone.opened(seed, events))
    opened.module = copy.deepcopy(opened.module)
    return make_network(opened, n_classes, seed=derive(seed, "head"))


def restored_network(context: FitContext, state: State, seed: int, events: Events) -> Network:
    """Return the network with these tensors, for answering."""
    own = {k.removeprefix("head."): v for k, v in state.items() if k.startswith("head.")}
    network = new_network(context, len(own.get("bias", ())) or 1, seed, events)
    if "bias" not in own:
        network.head = head_from_state(own)
    network.load_state_dict(dict(state))
    return network.eval()


def starting_network(
    context: FitContext,
    plan: TrainingPlan,
    classes: tuple[str, ...],
    seed: int,
    source: State | None,
    events: Events,
) -> tuple[Network, Mapping[str, object] | None]:
    """Return the network that a plan starts from, and what was transferred into it.

    Parameters
    ----------
    source : mapping of tensors or None
        The source-only network of this seed, for plans that start from it.
    """
    outputs = context.data.outputs_of(classes)
    network = new_network(context, len(outputs), seed, events)
    state: State | None = None
    if plan.start == "source":
        assert source is not None
        state = source
        parts = {k.removeprefix("head."): v for k, v in source.items() if k.startswith("head.")}
        if "bias" not in parts and context.data.source_classes == classes:
            network.head = head_from_state(
                parts
            )  # of steps: as good as a linear one to stand still
    elif plan.start == "backbone" and context.data.situation.pretrained:
        state = {f"backbone.{k}": v.clone() for k, v in network.backbone.state_dict().items()}
    if plan.start == "random" or plan.keep_stages < 1.0:
        randomise(network, seed)
    if state is None:
        return network, None
    learned = context.data.outputs_of(context.data.source_classes)
    from_classes = learned if plan.start == "source" else None
    if plan.keep_stages < 1.0:
        kept = _first_stages(network, plan.keep_stages)
        state, from_classes = {k: v for k, v in state.items() if k in kept}, None
    report = transfer_tensors(state, network, from_classes=from_classes, to_classes=outputs)
    return network, report.to_dict() | {"sentence": report.sentence()}


def _first_stages(network: Network, share: float) -> set[str]:
    """Return the names of the tensors in the first stages, buffers included."""
    stages = network.backbone.stages()
    modules = [m for _, group in stages[: max(1, round(share * len(stages)))] for m in group]
    inside = {id(t) for m in modules for t in m.state_dict(keep_vars=True).values()}
    return {name for name, t in network.state_dict(keep_vars=True).items() if id(t) in inside}


def set_head(network: Network, head: Head, budget: int = 0, on_columns: bool = False) -> None:
    """Put a feature method's head in place of the network's own.

    Parameters
    ----------
    budget : int
        Over 0 for a head that reads all stages: of `pooled`.
    on_columns : bool
        Whether it reads the network's input.
    """
    if on_columns:
        network.head = ColumnsHead(head.steps)
        return
    if budget:
        network.head = StagesHead(head.steps, budget)
        return
    affine = head.affine
    if affine is None:
        network.head = StepsHead(head.steps)
        return
    with torch.no_grad():
        for own, new in ((network.head.weight, affine.weight), (network.head.bias, affine.bias)):
            own.copy_(torch.from_numpy(np.ascontiguousarray(new)))
