"""Number formats and memory layouts that are faster here."""

from __future__ import annotations

import contextlib
import functools
import platform
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from .devices import wait
from .randomness import private_random_state, repeatable

PRECISIONS = ("float32", "bfloat16")


@contextlib.contextmanager
def autocast(precision: str, device: torch.device) -> Iterator[None]:
    """Run the block in `precision` ("float32" or "bfloat16")."""
    if precision == "bfloat16":
        with torch.autocast(device.type, dtype=torch.bfloat16):
            yield
    else:
        yield


def layout(x: torch.Tensor) -> torch.Tensor:
    """Return images channels-last, which convolutions here like better; others as they are."""
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x


def joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return batches as one; rows that differ in length are filled up with nothing.

    Texts are whole numbers, below 0 where nothing is; of sound NaN is nothing.

    Examples
    --------
    >>> joined([torch.tensor([[3, 4]]), torch.tensor([[5]])]).tolist()
    [[3, 4], [5, -1]]
    """
    longest = max(part.shape[-1] for part in parts)
    if parts[0].ndim == 2 and any(part.shape[-1] < longest for part in parts):
        nothing = float("nan") if parts[0].is_floating_point() else -1
        parts = [functional.pad(p, (0, longest - p.shape[-1]), value=nothing) for p in parts]
    return torch.cat(list(parts))


BIG = 5_000_000
"""Parameters from which on the matrix products of a step outweigh the conversions around them."""


def choose_precision(network: nn.Module, device: torch.device) -> tuple[str, str]:
    """Return the number format for training here, and why.

    By what the processor has and how large the network is, never by the clock: on a busy
    machine the same command has to train the same model.

    Parameters
    ----------
    network : module
    device : torch.device

    Examples
    --------
    >>> choose_precision(nn.Linear(2, 2), torch.device("cpu"))
    ('float32', 'the network is small')
    """
    if sum(parameter.numel() for parameter in network.parameters()) < BIG:
        return "float32", "the network is small"
    if not multiplies_bfloat16(device):
        return "float32", f"{device.type} has no bfloat16 matrix units"
    return "bfloat16", f"{device.type} has bfloat16 matrix units"


def multiplies_bfloat16(device: torch.device) -> bool:
    """Say whether a device has units for products of bfloat16 matrices."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and "amx_bf16" in cpu_features()


def cpu_features() -> frozenset[str]:
    """Return what the processor can do, in Linux's words; empty where that is not told."""
    return frozenset(_cpu("flags").split())


def cpu_name() -> str:
    """Return what the processor is called; "" where that is not told."""
    return _cpu("model name") or platform.processor()


@functools.cache
def _cpu(wanted: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in pairs if key.strip() == wanted), "")


def step_seconds(
    network: nn.Module,
    x: torch.Tensor,
    precision: str,
    clock: Callable[[], float],
    repeats: int = 3,
) -> float:
    """Return what a training step on `x` takes by `clock`: the best of `repeats`, one to warm up.

    Leaves the network's tensors, gradients and modes and the random state as they were.
    """
    device, best = x.device, float("inf")
    x = layout(x)
    state = {name: t.clone() for name, t in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    grads = [parameter.grad for parameter in network.parameters()]
    network.zero_grad(set_to_none=True)
    network.train()
    with private_random_state(device), repeatable(device):
        for _ in range(repeats + 1):
            start = clock()
            with autocast(precision, device):
                _, logits = network(x)
            logits.float().square().mean().backward()
            wait(device)
            best = min(best, clock() - start)
    network.load_state_dict(state)  # running statistics have moved
    for module, mode in zip(network.modules(), modes, strict=True):
        module.training = mode
    for parameter, grad in zip(network.parameters(), grads, strict=True):
        parameter.grad = grad
    return best
