"""Arrays as tensors, without a copy where that can be."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch


def as_tensor(values: Any) -> torch.Tensor:
    """Return a tensor that shares memory with `values` where it can; integers become float64."""
    if isinstance(values, torch.Tensor):
        tensor = values.detach()
        tensor = tensor.cpu() if tensor.device.type == "mps" else tensor  # it has no float64
    else:
        with warnings.catch_warnings():
            # Read-only arrays and memory maps are welcome: nothing here writes to them.
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            tensor = torch.from_numpy(np.ascontiguousarray(values))
    return tensor if tensor.is_floating_point() else tensor.to(torch.float64)
