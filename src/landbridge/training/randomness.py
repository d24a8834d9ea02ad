"""torch's own generators, used by dropout and initialisation: set here, and given back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def set_seed(seed: int, device: torch.device) -> None:
    """Seed the generators of the CPU and of `device`, and of no other device.

    ``torch.manual_seed`` would change those of every GPU, and a program that trains on one
    of them may be using another.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


@contextmanager
def private_random_state(device: torch.device) -> Iterator[None]:
    """Run the block, then put the generators of the CPU and of `device` back."""
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        with torch.random.fork_rng(devices=[index]):
            yield
    elif device.type == "mps":
        before = torch.mps.get_rng_state()
        try:
            with torch.random.fork_rng(devices=[]):
                yield
        finally:
            torch.mps.set_rng_state(before)
    else:
        with torch.random.fork_rng(devices=[]):
            yield
