"""Arithmetic on the tensors of networks: pure functions on dicts of name to tensor.

Counters and other integers cannot be averaged: those of the first network that is named stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from ..base.seeds import derive

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


def difference(after: State, before: State) -> dict[str, torch.Tensor]:
    """Return Δ = after − before of every tensor of numbers that `before` has."""
    return {
        name: after[name] - value
        for name, value in before.items()
        if name in after and value.is_floating_point()
    }


def total(deltas: Sequence[State], weights: Sequence[float]) -> dict[str, torch.Tensor]:
    """Return Σ weight · Δ.

    With weights 1 that is task addition, with a weight −1 forgetting (Ilharco et al., 2023,
    ICLR, Editing Models with Task Arithmetic).

    Examples
    --------
    >>> import torch
    >>> total([{"w": torch.ones(2)}, {"w": torch.full((2,), 3.0)}], [1.0, -1.0])["w"]
    tensor([-2., -2.])
    """
    return {
        name: sum(
            (weight * delta[name] for delta, weight in zip(deltas, weights, strict=True)),
            torch.zeros_like(value),
        )
        for name, value in deltas[0].items()
    }


def trimmed(delta: State, density: float) -> dict[str, torch.Tensor]:
    """Return Δ with all but the largest values set to 0, over all tensors together.

    Parameters
    ----------
    density : float
        Share of the values that is kept, at least one; of equal ones at the limit all are.
    """
    sizes = torch.cat([value.abs().flatten() for value in delta.values()])
    kept = max(1, round(density * len(sizes)))
    if kept >= len(sizes):
        return dict(delta)
    least = sizes.kthvalue(len(sizes) - kept + 1).values
    return {name: value * (value.abs() >= least) for name, value in delta.items()}


def ties(
    deltas: Sequence[State], weights: Sequence[float], density: float = 0.2
) -> dict[str, torch.Tensor]:
    """Return the merged Δ of TIES: trim, elect a sign, average those that agree.

    Yadav et al., 2023, NeurIPS, TIES-Merging. For each value the sign with the larger sum
    wins; the mean, weighted, is over the networks whose trimmed value is not 0 and has it.

    Parameters
    ----------
    deltas : sequence of state dicts
    weights : sequence of float
        Over 0.
    density : float, default 0.2
        Share of each Δ's values that is kept.
    """
    kept = [trimmed(delta, density) for delta in deltas]
    merged = {}
    for name in kept[0]:
        values = torch.stack([w * d[name] for d, w in zip(kept, weights, strict=True)])
        by = torch.tensor(weights, dtype=values.dtype).view(-1, *(1,) * (values.ndim - 1))
        agrees = (torch.sign(values) == torch.sign(values.sum(0))) & (values != 0)
        count = (agrees * by).sum(0)
        merged[name] = torch.where(
            count > 0, (values * agrees).sum(0) / count.clamp_min(1e-12), torch.zeros_like(count)
        )
    return merged


def dare(delta: State, density: float, seed: int) -> dict[str, torch.Tensor]:
    """Return Δ with values dropped at random and the others scaled up: the same on average.

    Yu et al., 2024, ICML, Language Models are Super Mario (DARE).

    Parameters
    ----------
    density : float
        Chance of a value to be kept, over 0.
    seed : int
        What is dropped is a function of it and of the tensors' names.
    """
    found = {}
    for name, value in delta.items():
        generator = torch.Generator().manual_seed(derive(seed, "dare", name))
        kept = torch.rand(value.shape, generator=generator) < density
        found[name] = value * kept / density
    return found
