"""What a step depends on beside its rows: torch's own generators, and how a GPU adds up."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
def repeatable(device: torch.device) -> Iterator[None]:
    """Run the block so that the same call gives the same bits, on CUDA as well.

    There, threads add up in whatever order they end in. torch has a fixed order for all that
    networks here do, which it is asked for, and given back as it was. What it has none for runs
    all the same. On the CPU nothing is changed.
    """
    if device.type != "cuda":
        yield
        return
    # Read at each call of cuBLAS; it has to be there before the first one of the process.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    cudnn = torch.backends.cudnn
    was = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    was_cudnn = cudnn.deterministic, cudnn.benchmark
    memory: Any = torch.utils.deterministic
    filled = memory.fill_uninitialized_memory
    try:
        torch.use_deterministic_algorithms(True, warn_only=True)
        memory.fill_uninitialized_memory = False
        cudnn.deterministic, cudnn.benchmark = True, False
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*deterministic")
            yield
    finally:
        torch.use_deterministic_algorithms(was[0], warn_only=was[1])
        memory.fill_uninitialized_memory = filled
        cudnn.deterministic, cudnn.benchmark = was_cudnn


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
