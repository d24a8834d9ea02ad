"""Which parameters move, and at which rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from ..backbones.surgery import Network
from .plan import Phase
from .trainable import is_norm, moving_parameters


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters with one rate and decay; `scale` is their rate relative to the phase's."""

    params: list[nn.Parameter]
    name: str
    scale: float
    weight_decay: float


def parameter_groups(network: Network, terms: nn.Module, phase: Phase) -> list[ParameterGroup]:
    """Return the groups of an optimiser.

    Parameters that do not move get ``requires_grad = False``. Biases and normalisation are
    not decayed.
    """
    moving = moving_parameters(network, phase.trainable)
    stages = network.backbone.stages()
    groups: list[ParameterGroup] = []

    def add(parameters: list[nn.Parameter], name: str, scale: float) -> None:
        for parameter in parameters:
            parameter.requires_grad_(id(parameter) in moving)
        moved = [p for p in parameters if p.requires_grad]
        groups.extend(_split(moved, name, scale, phase.weight_decay))

    fresh = {id(p) for module in network.backbone.fresh() for p in module.parameters()}
    for index, (name, modules) in enumerate(stages):
        scale = phase.stage_decay ** (len(stages) - 1 - index)
        own = [p for module in modules for p in module.parameters()]
        add([p for p in own if id(p) not in fresh], name, scale)
        add([p for p in own if id(p) in fresh], name, phase.head_factor)
    add(list(network.head.parameters()), "head", phase.head_factor)
    extra = [p for p in terms.parameters() if p.requires_grad]
    return groups + _split(extra, "terms", 1.0, phase.weight_decay)


def _split(
    parameters: list[nn.Parameter], name: str, scale: float, decay: float
) -> list[ParameterGroup]:
    matrices = [p for p in parameters if p.ndim > 1]
    vectors = [p for p in parameters if p.ndim <= 1]
    return [
        ParameterGroup(members, name, scale, strength)
        for members, strength in ((matrices, decay), (vectors, 0.0))
        if members
    ]


def training_modes(network: Network) -> None:
    """Put what moves in training mode; a stage of which nothing moves stays as it is known.

    So does a normalisation layer that stands still in a stage that moves: an adapter's weights
    alone must be all that it learned.
    """
    network.train()
    for module in network.backbone.modules():
        if is_norm(module):
            own = list(module.parameters())
            if own and not any(p.requires_grad for p in own):
                module.eval()
    for _, modules in network.backbone.stages():
        for module in modules:
            parameters = list(module.parameters())
            if parameters and not any(p.requires_grad for p in parameters):
                module.eval()
    if not any(p.requires_grad for p in network.backbone.parameters()):
        network.backbone.eval()


def make_optimizer(groups: Sequence[ParameterGroup], phase: Phase) -> torch.optim.Optimizer:
    """Return the phase's optimiser over `groups`."""
    given = [dict(vars(group)) for group in groups]
    if phase.optimizer == "sgd":
        return torch.optim.SGD(
            given, lr=phase.learning_rate, momentum=0.9, nesterov=True, foreach=True
        )
    return torch.optim.AdamW(given, lr=phase.learning_rate, fused=True)


class Pull:
    """Takes the backbone a little of the way back to its start after each step (L2-SP).

    Decoupled, as decay is in AdamW: the way back does not go through the optimiser's moments,
    and costs one fused interpolation.

    Parameters
    ----------
    network, start : Network
        What moves, and where it began.
    optimizer : Optimizer
        Whose groups say at which rate a parameter goes.
    strength : float
        The way back is rate · strength, at most all of it.
    """

    def __init__(
        self, network: Network, start: Network, optimizer: torch.optim.Optimizer, strength: float
    ) -> None:
        self.strength = strength
        labeled_mask = {
            id(own): then.detach()
            for own, then in zip(
                network.backbone.parameters(), start.backbone.parameters(), strict=True
            )
        }
        self.optimizer = optimizer
        self.pairs: list[tuple[int, list[torch.Tensor], list[torch.Tensor]]] = []
        for index, group in enumerate(optimizer.param_groups):
            own = [p for p in group["params"] if id(p) in labeled_mask]
            if own:
                self.pairs.append((index, own, [labeled_mask[id(p)] for p in own]))

    @torch.no_grad()
    def apply(self) -> None:
        """Go back by this step's share."""
        for index, own, start in self.pairs:
            # By number: an optimiser that reads a checkpoint has other groups after it.
            rate = self.optimizer.param_groups[index]["lr"]
            torch._foreach_lerp_(own, start, min(1.0, rate * self.strength))
