"""Margin disparity discrepancy."""

from __future__ import annotations

from ..core.base import METHODS
from ..core.network import LIKE_SHARES, TermMethod


@METHODS.register("mdd")
class MDD(TermMethod):
    """An adversarial head, and a gentle reversal: at most a tenth of the gradient."""

    summary = "no second head can agree on the source and differ on the target"
    paper = "Zhang et al., 2019, ICML"
    term = "mdd"
    needs = LIKE_SHARES
