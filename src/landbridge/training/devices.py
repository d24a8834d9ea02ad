"""Where networks run. They live on the CPU; what trains or answers borrows the device."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn

from ..base.errors import ConfigError

CPU = torch.device("cpu")


def find_device(wished: str) -> str:
    """Return the device that a word stands for.

    Parameters
    ----------
    wished : str
        "auto": CUDA's first device where there is one, else the CPU. Otherwise what torch calls
        it: "cpu", "cuda", "cuda:1", "mps".

    Raises
    ------
    ConfigError
        Where there is no such device here.
    """
    if wished == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    there = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    there += ["cuda"] * torch.cuda.is_available() + ["mps"] * torch.backends.mps.is_available()
    if wished not in there:
        raise ConfigError(
            f"training.device is {wished!r}, and torch sees {', '.join(there)} here",
            hint="name one of these, or leave it at auto",
        )
    return wished


def place_of(network: nn.Module) -> torch.device:
    """Return where a network's parameters are; the CPU where it has none."""
    parameter = next(network.parameters(), None)
    return CPU if parameter is None else parameter.device


@contextlib.contextmanager
def borrowed(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Move `network` to `device` for the block, then back to where it was."""
    was = place_of(network)
    if was.type == device.type and device.index in (None, was.index):
        yield
        return
    with torch.inference_mode(False):  # what is moved in that mode can never be trained again
        network.to(device)
    try:
        yield
    finally:
        with torch.inference_mode(False):
            network.to(was)


def wait(device: torch.device) -> None:
    """Wait until what was asked of the device is done, before a clock is read."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
