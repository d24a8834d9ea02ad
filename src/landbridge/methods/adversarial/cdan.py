"""Conditional domain-adversarial training."""

from __future__ import annotations

from ..core.base import METHODS
from ..core.network import LIKE_SHARES, TermMethod


@METHODS.register("cdan")
class CDAN(TermMethod):
    """As dann, for a discriminator that sees features and answers together (CDAN+E)."""

    summary = "a discriminator of features and answers cannot tell the domains apart"
    paper = "Long et al., 2018, NeurIPS"
    term = "cdan"
    needs = LIKE_SHARES
