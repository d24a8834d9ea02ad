"""Maximum classifier discrepancy."""

from __future__ import annotations

from ..core.base import METHODS
from ..core.network import LIKE_SHARES, TermMethod


@METHODS.register("mcd")
class MCD(TermMethod):
    """In one pass with a gradient reversal in place of the paper's three steps."""

    summary = "two heads cannot be made to disagree on the target"
    paper = "Saito et al., 2018, CVPR"
    term = "mcd"
    needs = LIKE_SHARES
