"""An exponential moving average of a network."""

from __future__ import annotations

import torch
from torch import nn


class Average:
    """The tensors that can move, averaged over the steps; counters are the last ones.

    What stands still is its own average, to the bit, and is left alone: a step on the head of a
    large network costs what the head does.

    Parameters
    ----------
    network : Module
        Its parameters that train ask for a gradient.
    decay : float
        Of what was, each step.
    saved : dict of tensors, optional
        Of a checkpoint, by `tensors`.
    """

    def __init__(
        self, network: nn.Module, decay: float, saved: dict[str, torch.Tensor] | None = None
    ) -> None:
        self.network, self.decay = network, decay
        still = {
            name
            for name, value in network.named_parameters(remove_duplicate=False)
            if not value.requires_grad
        }
        own = {name: value for name, value in network.state_dict().items() if name not in still}
        self.tensors = {
            name: value.clone() if saved is None else torch.empty_like(value).copy_(saved[name])
            for name, value in own.items()
        }
        self._owners = _owners(network, list(self.tensors))

    def _now(self) -> dict[str, torch.Tensor]:
        """Return the network's tensors of the same names."""
        if self._owners is None:
            return self.network.state_dict()
        return {name: getattr(module, own).detach() for name, (module, own) in self._owners.items()}

    def update(self, step: int) -> None:
        """Take the network after a step in."""
        # Early on a long memory would hold mostly the starting point.
        decay = min(self.decay, (1 + step) / (10 + step))
        state = self._now()
        floats = [name for name, value in self.tensors.items() if value.is_floating_point()]
        torch._foreach_lerp_(
            [self.tensors[name] for name in floats], [state[name] for name in floats], 1 - decay
        )
        for name in self.tensors.keys() - set(floats):
            self.tensors[name].copy_(state[name])

    def settle(self) -> None:
        """Put the average in the network."""
        self.network.load_state_dict(self.tensors, strict=False)


def _owners(network: nn.Module, names: list[str]) -> dict[str, tuple[nn.Module, str]] | None:
    """Return where each tensor lies, as a whole state dict a step takes milliseconds.

    None where a state dict has names of its own making.
    """
    found = {}
    for name in names:
        path, _, own = name.rpartition(".")
        try:
            module = network.get_submodule(path)
        except AttributeError:
            return None
        if not isinstance(getattr(module, own, None), torch.Tensor):
            return None
        found[name] = (module, own)
    return found
