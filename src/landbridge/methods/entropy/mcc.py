"""Minimum class confusion."""

from __future__ import annotations

from dataclasses import replace

from ..core.base import METHODS
from ..core.network import TermMethod


@METHODS.register("mcc")
class MinimumClassConfusion(TermMethod):
    """Costs next to nothing, and is among the best on most published tables."""

    summary = "keep classes from being confused on the target"
    paper = "Jin et al., 2020, ECCV"
    term = "mcc"
    needs = replace(TermMethod.needs, warning="where the target lacks many of the source's classes")
