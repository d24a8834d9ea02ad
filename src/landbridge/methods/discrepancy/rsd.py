"""Representation subspace distance."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.base import EVERY, METHODS
from ..core.network import TermMethod, term_needs


@METHODS.register("rsd")
class RSD(TermMethod):
    """Source and target features span close subspaces; their scale, which numbers need, is free."""

    summary = "source and target features span close subspaces, for regression"
    paper = "Chen et al., 2021, ICML, Representation Subspace Distance"
    term = "rsd"
    needs = term_needs(EVERY)

    @dataclass(frozen=True)
    class Config:
        """`weight`: of the term; `target_weight`: λ of L_target, where there are target labels."""

        weight: float = 0.3
        target_weight: float = 1.0
