"""Domain-adversarial training."""

from __future__ import annotations

from dataclasses import replace

from .base import EVERY, METHODS
from .network import LIKE_SHARES, TermMethod


@METHODS.register("dann")
class DANN(TermMethod):
    """Adversarial training against a domain discriminator, with a ramp over the phase."""

    summary = "features from which a discriminator cannot tell the domains apart"
    paper = "Ganin et al., 2016, JMLR 17(59)"
    evidence = (
        "digits without labels: M → U 96.4 (source only 94.3), U → M 89.6 (85.2); one "
        "seed, shares shifted 65.7 (86.4), half of the classes 80.9 (94.7)"
    )
    step_cost = "2.3 ×"
    term = "dann"
    needs = replace(LIKE_SHARES, answers=EVERY)
