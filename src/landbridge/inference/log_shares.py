"""Shares as log probabilities, as a head layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .layers import HeadLayer

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class LogShares(HeadLayer):
    """log of (share + smoothing), normalised.

    Attributes
    ----------
    smoothing : ndarray, shape ()
        Added to each class's share, so that no probability is 0.
    """

    kind: ClassVar[str] = "log-shares"
    smoothing: np.ndarray

    @staticmethod
    def run(x: torch.Tensor, own: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return log probabilities, (n, classes)."""
        share = x.clamp(min=0) + own["smoothing"]
        return (share / share.sum(1, keepdim=True)).log()
