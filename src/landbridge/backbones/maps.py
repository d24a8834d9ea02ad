"""What the stages of a backbone give on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from .surgery import Network


@contextmanager
def stage_maps(network: Network, wanted: bool) -> Iterator[list[torch.Tensor]]:
    """Collect what each stage of the backbone gives within the block, in order.

    Parameters
    ----------
    network : Network
    wanted : bool
        False: nothing is collected and nothing is paid.
    """
    maps: list[torch.Tensor] = []
    handles = []
    if wanted:
        for _, modules in network.backbone.stages():

            def keep(module: nn.Module, given: object, found: object) -> None:
                first = found[0] if isinstance(found, tuple) else found
                if isinstance(first, torch.Tensor):
                    maps.append(first)

            handles.append(modules[-1].register_forward_hook(keep))
    try:
        yield maps
    finally:
        for handle in handles:
            handle.remove()


def by_channel(x: torch.Tensor) -> torch.Tensor:
    """Return a map as (n, channels, positions): images, tokens (n, tokens, channels) or rows.

    Examples
    --------
    >>> by_channel(torch.zeros(2, 8, 4, 4)).shape, by_channel(torch.zeros(2, 5, 8)).shape
    (torch.Size([2, 8, 16]), torch.Size([2, 8, 5]))
    """
    if x.ndim == 3:
        return x.transpose(1, 2)
    return x.flatten(2) if x.ndim > 3 else x.unsqueeze(-1)
