"""What the density ratios share that are sums of kernels on target rows."""

from __future__ import annotations

from ...base.fields import setting
from ...solvers.density_ratio.kliep import BANDWIDTHS
from .base import Reweighting


class KernelWeights(Reweighting):
    """Base: the kernels, of a width that is chosen in units of the median distance."""

    bandwidth_factors: tuple[float, ...] = setting(
        BANDWIDTHS, "Kernel widths to choose from, times the median distance.", gt=0
    )
    n_centres: int = setting(
        100, "Target rows that carry a kernel; all where there are fewer.", ge=1, le=1_000_000
    )
    random_state: int = setting(0, "Of centres, and of which rows pair up or are a fold.")
