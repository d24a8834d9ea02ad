"""Randomness without state: every draw is a function of where it happens.

A generator is made afresh from (seed, purpose, step), so a resumed run needs no saved
generator to go on exactly as the uninterrupted one.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


def derive(*where: Any) -> int:
    """Return a 63-bit seed for this place, stable across machines and Python versions."""
    text = "/".join(str(part) for part in where)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def numpy_rng(*where: Any) -> np.random.Generator:
    """Return a NumPy generator for this place."""
    return np.random.default_rng(derive(*where))


def torch_rng(*where: Any, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a torch generator for this place, on `device`: each kind draws other numbers."""
    import torch

    generator = torch.Generator(device)
    generator.manual_seed(derive(*where))
    return generator
