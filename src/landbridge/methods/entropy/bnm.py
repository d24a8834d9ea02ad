"""Batch nuclear norm maximisation."""

from __future__ import annotations

from ..core.base import METHODS
from ..core.network import LIKE_SHARES, TermMethod


@METHODS.register("bnm")
class BNM(TermMethod):
    """Harmful where class shares differ much between the domains."""

    summary = "be certain and diverse on the target, by the batch's nuclear norm"
    paper = "Cui et al., 2020, CVPR"
    term = "bnm"
    needs = LIKE_SHARES
