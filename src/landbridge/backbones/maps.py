"""What the stages of a backbone give on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from ..base.errors import TrainingError

if TYPE_CHECKING:
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


def pooled(maps: Sequence[torch.Tensor], budget: int) -> torch.Tensor:
    """Return the outputs of all stages side by side, each made small and of length one.

    Images are averaged over a grid of cells, as fine as `budget` numbers a stage allow, tokens
    over all of them; rows are taken as they are (Evci et al., 2022, ICML, Head2Toe).

    Parameters
    ----------
    maps : sequence of tensors
        As `stage_maps` collects them.
    budget : int
        Numbers of a stage, at most, unless it has more channels than that.

    Returns
    -------
    float tensor (n, columns)

    Raises
    ------
    TrainingError
        Where no stage was heard: parts of a Keras model, say, are no modules of torch.
    """
    if not maps:
        raise TrainingError(
            "the stages of this backbone give nothing on the way",
            hint="use a method that needs its features alone, such as probe or finetune",
        )
    parts = []
    for found in maps:
        x = found.float()
        if x.ndim == 4:
            side = max(1, int((budget / x.shape[1]) ** 0.5))
            x = F.adaptive_avg_pool2d(x, (min(side, x.shape[2]), min(side, x.shape[3])))
        elif x.ndim == 3:
            x = x.mean(1)
        parts.append(F.normalize(x.flatten(1), dim=1))
    return torch.cat(parts, 1)
