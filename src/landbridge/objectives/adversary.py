"""A small head behind a gradient reversal and its loss, as one function with its gradient.

Adversarial terms end in the same chain: reverse the gradient, a few linear layers, a loss with a
gradient that can be written down. On small batches most of its time is the bookkeeping of a dozen
recorded operations, so the chain is one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

Criterion = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""Scores (n, c) -> the loss, and its gradient in the scores."""


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, strength: float) -> torch.Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return -ctx.strength * grads[0], None


def reverse_gradient(x: torch.Tensor, strength: float = 1.0) -> torch.Tensor:
    """Return `x`; its gradient comes back times −strength (Ganin et al., 2016)."""
    return _Reverse.apply(x, strength)


def plain_adversary_loss(
    x: torch.Tensor,
    head: nn.Module,
    loss: Callable[[torch.Tensor], torch.Tensor],
    strength: float,
) -> torch.Tensor:
    """Return `adversary_loss` as it is written, to test against."""
    return loss(head(reverse_gradient(x, strength)))


class _Adversary(torch.autograd.Function):
    """criterion(head(x)); x gets −strength times the gradient, the head the gradient itself."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, strength: float, criterion: Criterion, *layers: torch.Tensor
    ) -> torch.Tensor:
        weights, biases = layers[::2], layers[1::2]
        inputs: list[torch.Tensor] = []
        for weight, bias in zip(weights, biases, strict=True):
            if inputs:
                x = x.relu_()  # of the layer before, which is nobody else's
            inputs.append(x)
            x = torch.addmm(bias, x, weight.T)
        value, slope = criterion(x)
        ctx.strength = strength
        ctx.save_for_backward(slope, *inputs, *weights)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        slope, *saved = ctx.saved_tensors
        inputs, weights = saved[: len(saved) // 2], saved[len(saved) // 2 :]
        slope = slope * grads[0]
        out: list[torch.Tensor | None] = []
        for index in range(len(weights) - 1, -1, -1):
            out[:0] = [slope.T @ inputs[index], slope.sum(0)]
            if index:
                slope = slope @ weights[index]
                slope.mul_(inputs[index] > 0)
        reversed_ = None
        if ctx.needs_input_grad[0]:
            reversed_ = (slope * -ctx.strength) @ weights[0]
        return reversed_, None, None, *out


def adversary_loss(
    x: torch.Tensor, head: nn.Sequential, criterion: Criterion, strength: float
) -> torch.Tensor:
    """Return criterion(head(x)), with the gradient that reaches `x` times −strength.

    Differentiable once.

    Parameters
    ----------
    x : float tensor (n, d)
    head : nn.Sequential
        Linear layers with a ReLU between each two, as from `small_head`.
    criterion : callable
        Scores (n, c) to the loss and its gradient in the scores.
    strength : float
        Of the reversal.
    """
    layers = [
        p for layer in head if isinstance(layer, nn.Linear) for p in (layer.weight, layer.bias)
    ]
    return _Adversary.apply(x, strength, criterion, *layers)


def small_head(*widths: int) -> nn.Sequential:
    """Return linear layers between the widths given, with a ReLU between each two."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
