"""MMD class by class."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.base import METHODS
from ..core.network import TermConfig, TermMethod


@METHODS.register("dsan")
class DSAN(TermMethod):
    """Takes the target's classes from its own answers, as they are at each step."""

    summary = "features of each class alike in both domains"
    paper = "Zhu et al., 2021, TNNLS"
    term = "dsan"

    @dataclass(frozen=True)
    class Config(TermConfig):
        """`weight`: of the term, the authors' code's; `target_weight`: λ, as for the others."""

        weight: float = 0.5
