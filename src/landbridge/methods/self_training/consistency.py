"""Consistency self-training."""

from __future__ import annotations

from ..core.base import METHODS
from ..core.network import TermMethod


@METHODS.register("consistency")
class ConsistencyTraining(TermMethod):
    """Needs augmentations that keep the meaning."""

    summary = "confident answers on a weak view teach a strong view"
    paper = "Sohn et al., 2020, NeurIPS (FixMatch)"
    term = "consistency"
