"""Deep CORAL."""

from __future__ import annotations

from dataclasses import replace

from .base import EVERY, METHODS
from .network import LIKE_SHARES, TermMethod


@METHODS.register("deep-coral")
class DeepCORAL(TermMethod):
    """Cheap and mild: second moments alone, divided by 4 d², which is much for wide features."""

    summary = "features of both domains with like covariances"
    paper = "Sun and Saenko, 2016, ECCV workshops"
    evidence = "digits without labels: M → U 97.0 (source only 94.3), U → M 90.4 (85.2)"
    step_cost = "1.7 ×"
    term = "deep-coral"
    needs = replace(LIKE_SHARES, answers=EVERY)
