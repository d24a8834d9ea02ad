"""Fine-tuning of the biases alone."""

from __future__ import annotations

from ..core.base import METHODS
from .base import FewParameters


@METHODS.register("bias-tuning")
class BiasTuning(FewParameters):
    """Biases and the head move. The shifts of normalisation layers are biases, too."""

    summary = "move the biases and the head, nothing else"
    paper = "Ben Zaken et al., 2022, ACL, BitFit"
    trainable = "biases"
