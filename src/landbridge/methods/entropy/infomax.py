"""Information maximisation."""

from __future__ import annotations

from ..core.base import METHODS
from ..core.network import LIKE_SHARES, TermMethod


@METHODS.register("infomax")
class InformationMaximisation(TermMethod):
    """Harmful where class shares differ much between the domains."""

    summary = "be certain on each target example and diverse over all"
    paper = "Krause et al., 2010, NeurIPS; Liang et al., 2020, ICML"
    term = "infomax"
    needs = LIKE_SHARES
