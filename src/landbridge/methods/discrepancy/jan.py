"""Joint MMD of features and answers."""

from __future__ import annotations

from ..core.base import METHODS
from ..core.network import LIKE_SHARES, TermMethod


@METHODS.register("jan")
class JAN(TermMethod):
    """As dan, with the answers in the kernel: classes are not mixed up so easily."""

    summary = "features and answers of both domains alike in joint distribution"
    paper = "Long et al., 2017, ICML"
    term = "jan"
    needs = LIKE_SHARES
