"""An exponential moving average of a network."""

from __future__ import annotations

import torch
from torch import nn


class Average:
    """The network's tensors, averaged over the steps; counters are the last ones.

    Parameters
    ----------
    network : Module
    decay : float
        Of what was, each step.
    saved : dict of tensors, optional
        Of a checkpoint, by `tensors`.
    """

    def __init__(
        self, network: nn.Module, decay: float, saved: dict[str, torch.Tensor] | None = None
    ) -> None:
        self.network, self.decay = network, decay
        own = network.state_dict()
        self.tensors = {
            name: value.clone() if saved is None else torch.empty_like(value).copy_(saved[name])
            for name, value in own.items()
        }

    def update(self, step: int) -> None:
        """Take the network after a step in."""
        # Early on a long memory would hold mostly the starting point.
        decay = min(self.decay, (1 + step) / (10 + step))
        state = self.network.state_dict()
        floats = [name for name, value in state.items() if value.is_floating_point()]
        torch._foreach_lerp_(
            [self.tensors[name] for name in floats], [state[name] for name in floats], 1 - decay
        )
        for name in state.keys() - set(floats):
            self.tensors[name].copy_(state[name])

    def settle(self) -> None:
        """Put the average in the network."""
        self.network.load_state_dict(self.tensors)
