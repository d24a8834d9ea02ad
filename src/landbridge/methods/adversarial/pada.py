"""Partial adversarial domain adaptation."""

from __future__ import annotations

from dataclasses import replace

from ..core.base import METHODS
from ..core.network import TermMethod


@METHODS.register("pada")
class PADA(TermMethod):
    """As dann, for a target that lacks some of the source's classes."""

    family = "partial"
    summary = "as dann; source classes that the target seems to lack count less"
    paper = "Cao et al., 2018, ECCV (PADA)"
    term = "pada"
    needs = replace(
        TermMethod.needs, warning="where all classes are there and their shares differ much"
    )
