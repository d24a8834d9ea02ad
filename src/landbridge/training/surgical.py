"""Which stages to move: those whose gradient is large for their size."""

from __future__ import annotations

import numpy as np
import torch

from ..backbones.extraction import evaluating
from ..backbones.surgery import Network
from ..base.errors import ConfigError
from ..base.evenly import evenly
from .data import TrainingData
from .losses import task_loss
from .precision import layout

SURGICAL = "surgical"
ROWS = 512
"""Labelled target rows that the gradient is taken of, at most."""
BATCH = 32


def choose_stages(
    network: Network, trainable: str, data: TrainingData, device: torch.device
) -> str:
    """Return "stages:..." for "surgical:k": the k with the largest relative gradient.

    Raises
    ------
    ConfigError
        Where k is no number, or there are no stages.
    """
    _, _, argument = trainable.partition(":")
    if not argument.isdigit() or not int(argument):
        raise ConfigError(f"moves = {trainable!r}", hint="write surgical:1, surgical:2, ...")
    found = relative_gradients(network, data, device)
    if not found:
        raise ConfigError(
            f"moves = {trainable!r}, and the backbone has no stage", hint="use head-only"
        )
    names = sorted(found, key=lambda name: -found[name])[: int(argument)]
    return "stages:" + ",".join(name for name in found if name in names)


def relative_gradients(
    network: Network, data: TrainingData, device: torch.device
) -> dict[str, float]:
    """Return ‖gradient‖ / ‖parameters‖ of each stage (Lee et al., 2023, ICLR, Auto-RGN).

    The gradient is that of L_target over granted labels, in evaluation mode, at the network as
    it is; up to 512 rows, evenly spread. Nothing of the network changes.
    """
    target = data.target
    labeled_mask = np.flatnonzero(target.labeled_mask) if target is not None else np.zeros(0, int)
    if target is None or not len(labeled_mask):
        raise ConfigError("surgical fine-tuning without target labels", hint="label some rows")
    rows = labeled_mask[evenly(len(labeled_mask), ROWS)]
    stages = network.backbone.stages()
    groups = [[p for m in modules for p in m.parameters()] for _, modules in stages]
    flat = [p for group in groups for p in group]
    moved = [p.requires_grad for p in flat]
    sums = [torch.zeros_like(p) for p in flat]
    for p in flat:
        p.requires_grad_(True)
    try:
        with evaluating(network), torch.enable_grad():
            for start in range(0, len(rows), BATCH):
                part = rows[start : start + BATCH]
                stored = torch.from_numpy(np.array(target.inputs[part]))
                _, logits = network(layout(data.preprocessing.encode(stored.to(device))))
                labels = torch.from_numpy(target.labels[part]).to(device)
                loss = task_loss(data.target_type, logits, labels) * len(part) / len(rows)
                grads = torch.autograd.grad(loss, flat, allow_unused=True)
                for own, grad in zip(sums, grads, strict=True):
                    if grad is not None:
                        own.add_(grad)
    finally:
        for p, was in zip(flat, moved, strict=True):
            p.requires_grad_(was)
    gradients = iter(sums)
    found = {}
    for (name, _), group in zip(stages, groups, strict=True):
        g = sum(float(next(gradients).double().square().sum()) for _ in group)
        w = sum(float(p.detach().double().square().sum()) for p in group)
        found[name] = (g / max(w, 1e-24)) ** 0.5
    return found
