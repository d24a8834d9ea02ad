"""A head of several steps as a torch module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from ..solvers.steps import STEPS, Step


class StepModule(nn.Module):
    """One step, its arrays as float32 buffers."""

    def __init__(self, step: Step) -> None:
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
    steps : sequence of Step
        The last one that changes the width gives the logits.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        super().__init__()
        for i, step in enumerate(steps):
            self.add_module(f"{i}-{step.kind}", StepModule(step))
        self.out_features = next((s.width for s in reversed(steps) if s.width), 0)


def head_from_state(state: Mapping[str, torch.Tensor]) -> StepsHead:
    """Return the head that a state dict such as ``{"0-affine.matrix": ...}`` is of."""
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, tensor in state.items():
        part, _, field = name.partition(".")
        own = parts.setdefault(part, {})
        if field != "nothing":
            own[field] = tensor.detach().cpu().numpy()
    order = sorted(parts, key=lambda part: int(part.split("-")[0]))
    return StepsHead([STEPS[part.split("-", 1)[1]](**parts[part]) for part in order])
