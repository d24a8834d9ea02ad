"""Fine-tuning with contrast among labelled rows."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.base import METHODS
from ..core.recipes import Epochs
from .terms import TermTuning


@METHODS.register("bi-tuning")
class BiTuningMethod(TermTuning):
    """Fine-tuning; rows of a class are drawn together, against a queue of earlier rows.

    Each step runs a second, slower encoder for the keys: about a third dearer than fine-tuning.
    """

    summary = "fine-tune, with rows of a class drawn together by contrast"
    paper = "Zhong et al., 2020, arXiv:2011.06182, Bi-tuning of Pre-trained Representations"
    term = "bi-tuning"

    @dataclass(frozen=True)
    class Config:
        """`epochs`: passes over the labelled target rows; `weight`: of the contrasts."""

        epochs: Epochs = None
        weight: float = 0.3
