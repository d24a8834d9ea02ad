"""The forward pass of a frozen backbone over many rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import torch
from torch import nn

from ..domains.modalities.base import Preprocessing
from .base import LoadedBackbone

Precision = Literal["auto", "float32", "bfloat16"]

_INPUTS_AT_ONCE = 2_500_000
"""Input numbers in one batch: about 16 colour images of 224 px, which stay in the cache."""


_SORTED = 16
"""Batches whose rows are sorted by length together."""


DROPPED = 1 / 3
"""Share of the features that a strong view of stored features lacks."""


def thinned(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return a strong view of stored features: a third of them is 0, the rest makes up for it."""
    draw = torch.rand(x.shape, generator=generator, device=generator.device)
    return x * (draw.to(x.device) >= DROPPED) / (1 - DROPPED)


def resolve_precision(precision: Precision) -> Literal["float32", "bfloat16"]:
    """Return what "auto" stands for: float32, because stored features are for good."""
    return "bfloat16" if precision == "bfloat16" else "float32"


def batch_size(size: int) -> int:
    """Return a batch for inputs of so many numbers, from 16 to 1024 rows."""
    return int(np.clip(_INPUTS_AT_ONCE // max(1, size), 16, 1024))


_MAPS = 4
"""A convolutional network's maps are larger than its inputs: batches are so much smaller, or half
of the time is spent on fetching what has left the cache."""


def forward_batch(module: nn.Module, preprocessing: Preprocessing, most: int = 1024) -> int:
    """Return how many rows to take at once where one forward pass follows the other.

    Parameters
    ----------
    module : Module
    preprocessing : Preprocessing
        Of its inputs.
    most : int, default 1024
    """
    own = batch_size(preprocessing.size)
    return max(1, min(most, own // _MAPS if prefers_channels_last(module) else own))


def _by_length(opened: LoadedBackbone, stored: np.ndarray) -> np.ndarray:
    """Return an order in which rows of like length are neighbours: a batch is padded less."""
    lengths = opened.preprocessing.lengths(stored)
    return np.arange(len(stored)) if lengths is None else np.argsort(lengths, kind="stable")


def prefers_channels_last(module: nn.Module) -> bool:
    """Say whether a network is made of convolutions: these are faster with channels last."""
    return sum(isinstance(part, nn.Conv2d) for part in module.modules()) > 2


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Put a module into evaluation mode for a block, then every part back as it was."""
    before = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in before:
            part.training = training


def extract(
    opened: LoadedBackbone,
    prepared: np.ndarray,
    start: int = 0,
    batch: int = 16,
    precision: Precision = "auto",
    seconds: float = 2.0,
) -> Iterator[np.ndarray]:
    """Yield the features of prepared rows from `start` on, in blocks.

    Parameters
    ----------
    opened : LoadedBackbone
        Its module is put into evaluation mode while a block is computed.
    prepared : ndarray, shape (n, ...)
    start : int
        First row.
    batch : int
        Rows in one forward pass.
    precision : {"auto", "float32", "bfloat16"}
    seconds : float
        A block is yielded when it took this long.

    Yields
    ------
    float32 ndarray, shape (k, dim)
    """
    module = opened.module
    parameter = next(module.parameters(), None)
    device = parameter.device if parameter is not None else torch.device("cpu")
    channels_last = prefers_channels_last(module)
    bfloat16 = resolve_precision(precision) == "bfloat16"
    uneven = len(prepared) and opened.preprocessing.lengths(np.array(prepared[:1])) is not None
    step = batch * (_SORTED if uneven else 1)
    while start < len(prepared):
        block: list[np.ndarray] = []
        begun = time.monotonic()
        with (
            evaluating(module),
            torch.inference_mode(),
            torch.autocast(device.type, torch.bfloat16, enabled=bfloat16),
        ):
            while start < len(prepared) and (not block or time.monotonic() - begun < seconds):
                stored = np.array(prepared[start : start + step])
                order = _by_length(opened, stored)
                found = np.empty((len(stored), module.dim), np.float32)
                for at in range(0, len(stored), batch):
                    some = order[at : at + batch]
                    x = opened.preprocessing.encode(torch.from_numpy(stored[some]).to(device))
                    if channels_last and x.ndim == 4:
                        x = x.contiguous(memory_format=torch.channels_last)
                    found[some] = module(x).float().cpu().numpy()
                block.append(found)
                start += len(stored)
        yield np.concatenate(block)
