"""Which parameters move, and at which rate."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ..backbones.surgery import Network
from .plan import Phase


def parameter_groups(network: Network, terms: nn.Module, phase: Phase) -> list[dict[str, Any]]:
    """Return optimiser groups; `scale` in each is its rate relative to the phase's.

    Parameters that do not move get ``requires_grad = False``. Biases and normalisation are
    not decayed.
    """
    stages = network.backbone.stages()
    groups: list[dict[str, Any]] = []
    for index, (name, modules) in enumerate(stages):
        moves = phase.moves == "all"
        scale = phase.stage_decay ** (len(stages) - 1 - index)
        parameters = [p for module in modules for p in module.parameters()]
        for parameter in parameters:
            parameter.requires_grad_(moves)
        if moves:
            groups += _split(parameters, name, scale, phase.weight_decay)
    head = list(network.head.parameters())
    for parameter in head:
        parameter.requires_grad_(True)
    groups += _split(head, "head", phase.head_factor, phase.weight_decay)
    groups += _split(list(terms.parameters()), "terms", 1.0, phase.weight_decay)
    return groups


def _split(
    parameters: list[nn.Parameter], name: str, scale: float, decay: float
) -> list[dict[str, Any]]:
    matrices = [p for p in parameters if p.ndim > 1]
    vectors = [p for p in parameters if p.ndim <= 1]
    return [
        {"params": members, "name": name, "scale": scale, "weight_decay": strength}
        for members, strength in ((matrices, decay), (vectors, 0.0))
        if members
    ]


def make_optimizer(groups: list[dict[str, Any]], phase: Phase) -> torch.optim.Optimizer:
    """Return the phase's optimiser over `groups`."""
    if phase.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=phase.rate, momentum=0.9, nesterov=True, foreach=True)
    return torch.optim.AdamW(groups, lr=phase.rate, fused=True)
