"""Fine-tuning of the normalisation layers alone."""

from __future__ import annotations

from ..core.base import METHODS
from .base import FewParameters


@METHODS.register("norm-tuning")
class NormTuning(FewParameters):
    """Scales and shifts of normalisation and the head move; running statistics follow."""

    summary = "move the normalisation layers and the head, nothing else"
    paper = "Frankle et al., 2021, ICLR, Training BatchNorm and Only BatchNorm"
    trainable = "norms"
