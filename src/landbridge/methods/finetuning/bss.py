"""Fine-tuning with batch spectral shrinkage."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..core.base import EVERY, METHODS
from ..core.recipes import Epochs
from .terms import TermTuning


@METHODS.register("bss")
class SpectralShrinkageTuning(TermTuning):
    """Fine-tuning; directions in which a batch's features hardly spread are shrunk."""

    summary = "fine-tune, and shrink what hardly spreads in the features"
    paper = "Chen et al., 2019, NeurIPS, Catastrophic Forgetting Meets Negative Transfer (BSS)"
    term = "bss"
    needs = replace(TermTuning.needs, answers=EVERY)

    @dataclass(frozen=True)
    class Config:
        """`epochs`: passes; `weight`: of the term; `smallest`: singular values shrunk."""

        epochs: Epochs = None
        weight: float = 1e-3
        smallest: int = 1
