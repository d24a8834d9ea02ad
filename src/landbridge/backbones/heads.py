"""A head of several steps as a torch module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from ..inference.layers import STEPS, HeadLayer


class StepModule(nn.Module):
    """One step, its arrays as float32 buffers."""

    def __init__(self, step: HeadLayer) -> None:
        super().__init__()
        self.step = type(step)
        if not step.tensors():  # a state's names must tell of it, too
            self.register_buffer("nothing", torch.zeros(1))
        for name, value in step.tensors().items():
            self.register_buffer(name, torch.as_tensor(np.array(value, dtype=np.float32)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.step.run(x, dict(self.named_buffers()))


class StepsHead(nn.Sequential):
    """Steps in turn. Its state's names say which, so `head_from_state` can make it again.

    Parameters
    ----------
    steps : sequence of HeadLayer
        The last one that changes the width gives the logits.
    """

    def __init__(self, steps: Sequence[HeadLayer]) -> None:
        super().__init__()
        for i, step in enumerate(steps):
            self.add_module(f"{i}-{step.kind}", StepModule(step))
        self.out_features = next((s.width for s in reversed(steps) if s.width), 0)


class StagesHead(nn.Module):
    """A head that reads the pooled outputs of all stages; the network gives it these.

    Parameters
    ----------
    steps : sequence of HeadLayer
    budget : int
        Of `pooled`; part of the state, so that a saved network reads what it was fitted on.
    """

    budget: torch.Tensor

    def __init__(self, steps: Sequence[HeadLayer], budget: int) -> None:
        super().__init__()
        self.steps = StepsHead(steps)
        self.register_buffer("budget", torch.tensor(budget))
        self.out_features = self.steps.out_features

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.steps(x)


class ColumnsHead(nn.Module):
    """A head that reads the network's input, laid flat, and not its features.

    Parameters
    ----------
    steps : sequence of HeadLayer
    """

    columns: torch.Tensor

    def __init__(self, steps: Sequence[HeadLayer]) -> None:
        super().__init__()
        self.steps = StepsHead(steps)
        self.register_buffer("columns", torch.ones(1))  # a state's names must tell of it
        self.out_features = self.steps.out_features

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.steps(x.flatten(1))


def head_from_state(
    state: Mapping[str, torch.Tensor],
) -> StepsHead | StagesHead | ColumnsHead:
    """Return the head that a state dict such as ``{"0-affine.matrix": ...}`` is of."""
    if "columns" in state:
        own = {k.removeprefix("steps."): v for k, v in state.items() if k != "columns"}
        return ColumnsHead(_steps(own))
    if "budget" in state:
        inner = {k.removeprefix("steps."): v for k, v in state.items() if k != "budget"}
        return StagesHead(_steps(inner), int(state["budget"]))
    return StepsHead(_steps(state))


def _steps(state: Mapping[str, torch.Tensor]) -> list[HeadLayer]:
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, tensor in state.items():
        part, _, field = name.partition(".")
        own = parts.setdefault(part, {})
        if field != "nothing":
            own[field] = tensor.detach().cpu().numpy()
    order = sorted(parts, key=lambda part: int(part.split("-")[0]))
    return [STEPS.get(part.split("-", 1)[1])(**parts[part]) for part in order]
