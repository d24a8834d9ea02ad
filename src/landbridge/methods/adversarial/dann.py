"""Domain-adversarial training."""

from __future__ import annotations

from dataclasses import replace

from ..core.base import EVERY, METHODS
from ..core.network import LIKE_SHARES, TermMethod


@METHODS.register("dann")
class DANN(TermMethod):
    """Adversarial training against a domain discriminator, with a ramp over the phase."""

    summary = "features from which a discriminator cannot tell the domains apart"
    paper = "Ganin et al., 2016, JMLR 17(59)"
    term = "dann"
    needs = replace(LIKE_SHARES, answers=EVERY)
