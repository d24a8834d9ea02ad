"""Fine-tuning of the new head and the known one together."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.base import METHODS
from ..core.recipes import Epochs
from .terms import TermTuning


@METHODS.register("co-tuning")
class CoTuningMethod(TermTuning):
    """Fine-tuning in which the head for the known classes is kept and learns along.

    It needs that head: the source-only network's, or the classifier that the backbone came
    with (mobilenet_v2, efficientnet_lite0).
    """

    summary = "fine-tune, and keep teaching the head of the known classes"
    paper = "You et al., 2020, NeurIPS, Co-Tuning for Transfer Learning"
    term = "co-tuning"

    @dataclass(frozen=True)
    class Config:
        """`epochs`: passes over the labelled target rows; `weight`: of the known classes."""

        epochs: Epochs = None
        weight: float = 1.0
