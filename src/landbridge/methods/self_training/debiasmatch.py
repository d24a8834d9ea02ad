"""Debiased pseudo-labels."""

from __future__ import annotations

from ..core.base import METHODS
from ..core.network import TermMethod


@METHODS.register("debiasmatch")
class DebiasMatch(TermMethod):
    """As fixmatch, where answers that are given often are held back."""

    family = "pseudo"
    summary = "as fixmatch, without favour to the classes that are answered often"
    paper = "Wang et al., 2022, CVPR (DebiasMatch)"
    term = "debiasmatch"
