"""The head that θ₀ had for the classes it knew, for terms that ask for it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from ..backbones.base import BACKBONES
from ..base.errors import MethodError
from ..base.events import Events
from ..objectives.base import TERMS
from ..training.plan import TrainingPlan
from .context import FitContext


def wants_pretrained_head(plan: TrainingPlan) -> bool:
    """Say whether a term of the plan asks for it."""
    return any(TERMS.get(spec.name).knows for phase in plan.phases for spec in phase.terms)


def pretrained_head(
    context: FitContext,
    source: Mapping[str, torch.Tensor] | None,
    method: str,
    seed: int,
    events: Events,
) -> nn.Linear:
    """Return the source-only network's head, or the classifier that came with the backbone.

    Parameters
    ----------
    source : mapping of tensors or None
        The source-only network, for plans that start from it.

    Raises
    ------
    MethodError
        Where there is neither.
    """
    if source is not None and "head.weight" in source:
        return linear(source["head.weight"], source["head.bias"])
    identity = context.backbone.opened(seed, events).identity
    found = BACKBONES.get(identity.provider)().classifier(identity.options, events=events)
    if found is None:
        raise MethodError(
            f"method {method!r} needs the head of the classes that were known before, and "
            f"backbone {identity.name!r} comes without one",
            hint="give a labelled --source, or use mobilenet_v2 or efficientnet_lite0",
        )
    return linear(*found)


def linear(weight: torch.Tensor, bias: torch.Tensor) -> nn.Linear:
    """Return a linear layer of these tensors, copied."""
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    return layer
