"""Deep CORAL."""

from __future__ import annotations

from dataclasses import replace

from ..core.base import EVERY, METHODS
from ..core.network import LIKE_SHARES, TermMethod


@METHODS.register("deep-coral")
class DeepCORAL(TermMethod):
    """Cheap and mild: second moments alone, divided by 4 d², which is much for wide features."""

    summary = "features of both domains with like covariances"
    paper = "Sun and Saenko, 2016, ECCV workshops"
    term = "deep-coral"
    needs = replace(LIKE_SHARES, answers=EVERY)
