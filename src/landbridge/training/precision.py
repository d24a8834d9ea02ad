"""Number formats and memory layouts that are faster here, found by measuring."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import torch
from torch import nn

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


def fastest(network: nn.Module, x: torch.Tensor, repeats: int = 3) -> tuple[str, dict[str, float]]:
    """Time a training step in each precision; bfloat16 must win by a quarter to be taken.

    Parameters
    ----------
    network : module
        Gives (features, logits).
    x : float tensor
        One batch of inputs.

    Returns
    -------
    precision : str
    seconds : dict
        Best of `repeats` for each precision.
    """
    seconds = {}
    device = x.device
    x = layout(x)
    training = network.training
    state = {name: t.clone() for name, t in network.state_dict().items()}
    network.train()
    for precision in PRECISIONS:
        best = float("inf")
        for _ in range(repeats + 1):
            start = time.perf_counter()
            with autocast(precision, device):
                _, logits = network(x)
            logits.float().square().mean().backward()
            best = min(best, time.perf_counter() - start)
        seconds[precision] = best
    network.zero_grad(set_to_none=True)
    network.load_state_dict(state)  # running statistics have moved
    network.train(training)
    fast = seconds["bfloat16"] * 1.25 < seconds["float32"]
    return ("bfloat16" if fast else "float32"), seconds
