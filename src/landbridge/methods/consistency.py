"""Consistency self-training."""

from __future__ import annotations

from .base import METHODS
from .network import TermMethod


@METHODS.register("consistency")
class ConsistencyTraining(TermMethod):
    """Needs augmentations that keep the meaning."""

    summary = "confident answers on a weak view teach a strong view"
    paper = "Sohn et al., 2020, NeurIPS (FixMatch)"
    term = "consistency"
