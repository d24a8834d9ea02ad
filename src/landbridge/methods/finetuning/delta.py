"""Fine-tuning whose feature maps stay near those of the start."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..core.base import EVERY, METHODS
from ..core.recipes import Epochs
from .terms import TermTuning


@METHODS.register("delta")
class Delta(TermTuning):
    """First the head, then everything, with each stage's maps held near the start's.

    A channel is held by what the loss would rise without it, to first order, on 64 labelled
    rows. Each step runs the start as well: about a third dearer than fine-tuning.
    """

    summary = "fine-tune, feature maps held near the start's where it matters"
    paper = "Li et al., 2019, ICLR, DELTA"
    term = "delta"
    needs = replace(TermTuning.needs, answers=EVERY)
    head_first = True

    @dataclass(frozen=True)
    class Config:
        """`epochs`: passes; `weight`: of the term; `weighted`: whether channels differ."""

        epochs: Epochs = None
        weight: float = 0.1
        weighted: bool = True
