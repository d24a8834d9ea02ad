"""Arithmetic on the tensors of networks: pure functions on dicts of name to tensor.

Counters and other integers cannot be averaged: those of the first network that is named stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

State = Mapping[str, torch.Tensor]


def mixed(before: State, after: State, share: float) -> dict[str, torch.Tensor]:
    """Return (1 − share) · before + share · after (WiSE-FT; Wortsman et al., 2022, CVPR).

    Examples
    --------
    >>> import torch
    >>> mixed({"w": torch.zeros(2)}, {"w": torch.ones(2)}, 0.25)["w"]
    tensor([0.2500, 0.2500])
    """
    return {
        name: torch.lerp(before[name], value, share) if value.is_floating_point() else value
        for name, value in after.items()
    }


def averaged(states: Sequence[State]) -> dict[str, torch.Tensor]:
    """Return the mean of several networks (a uniform soup; Wortsman et al., 2022, ICML)."""
    first = states[0]
    return {
        name: torch.stack([state[name] for state in states]).mean(0)
        if value.is_floating_point()
        else value
        for name, value in first.items()
    }
