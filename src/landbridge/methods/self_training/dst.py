"""Debiased self-training."""

from __future__ import annotations

from ..core.base import METHODS
from ..core.network import TermMethod


@METHODS.register("dst")
class DebiasedSelfTraining(TermMethod):
    """Pseudo-labels train the features through a head that answers nothing itself."""

    family = "pseudo"
    summary = "pseudo-labels teach the features through a head of their own"
    paper = "Chen et al., 2022, NeurIPS (DST)"
    term = "dst"
