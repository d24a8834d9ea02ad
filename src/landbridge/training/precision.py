"""Number formats and memory layouts that are faster here, found by measuring."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence

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

    Notes
    -----
    Leaves the network's tensors, gradients and modes and the random state as they were.
    """
    seconds = {}
    device = x.device
    x = layout(x)
    state = {name: t.clone() for name, t in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    grads = [parameter.grad for parameter in network.parameters()]
    network.zero_grad(set_to_none=True)
    network.train()
    with private_random_state(device), repeatable(device):
        for precision in PRECISIONS:
            best = float("inf")
            for _ in range(repeats + 1):
                start = time.perf_counter()
                with autocast(precision, device):
                    _, logits = network(x)
                logits.float().square().mean().backward()
                wait(device)
                best = min(best, time.perf_counter() - start)
            seconds[precision] = best
    network.load_state_dict(state)  # running statistics have moved
    for module, mode in zip(network.modules(), modes, strict=True):
        module.training = mode
    for parameter, grad in zip(network.parameters(), grads, strict=True):
        parameter.grad = grad
    fast = seconds["bfloat16"] * 1.25 < seconds["float32"]
    return ("bfloat16" if fast else "float32"), seconds
