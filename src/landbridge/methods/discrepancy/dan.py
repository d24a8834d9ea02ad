"""MMD with several kernels."""

from __future__ import annotations

from dataclasses import replace

from ..core.base import EVERY, METHODS
from ..core.network import LIKE_SHARES, TermMethod


@METHODS.register("dan")
class DAN(TermMethod):
    """Costs one Gram matrix of the batch; needs batches of a few dozen rows."""

    summary = "features of both domains alike in distribution, by several kernels"
    paper = "Long et al., 2015, ICML"
    term = "dan"
    needs = replace(LIKE_SHARES, answers=EVERY)
