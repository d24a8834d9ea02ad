"""Stepwise adaptive feature norm."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.base import EVERY, METHODS
from ..core.network import TermConfig, TermMethod, term_needs


@METHODS.register("afn")
class AFN(TermMethod):
    """Costs next to nothing, and needs no guess about classes."""

    summary = "features of both domains grow in norm, step by step"
    paper = "Xu et al., 2019, ICCV"
    term = "afn"
    needs = term_needs(EVERY)

    @dataclass(frozen=True)
    class Config(TermConfig):
        """`weight`: of the term, the paper's; `target_weight`: λ, as for the others."""

        weight: float = 0.05
