"""Debiased pseudo-labels."""

from __future__ import annotations

from ..base import METHODS
from ..network import TermMethod


@METHODS.register("debiasmatch")
class DebiasMatch(TermMethod):
    """As fixmatch, where answers that are given often are held back."""

    summary = "as fixmatch, without favour to the classes that are answered often"
    paper = "Wang et al., 2022, CVPR (DebiasMatch)"
    evidence = (
        "digits without labels: M → U 98.1 (source only 94.3), U → M 95.7 (85.2); one "
        "seed, shares shifted 93.8 (86.4), half of the classes 98.6 (94.7)"
    )
    term = "debiasmatch"
