"""Domain-adversarial training."""

from __future__ import annotations

from dataclasses import replace

from .base import METHODS
from .network import TermMethod


@METHODS.register("dann")
class DANN(TermMethod):
    """Adversarial training against a domain discriminator, with a ramp over the phase."""

    summary = "features from which a discriminator cannot tell the domains apart"
    paper = "Ganin et al., 2016, JMLR 17(59)"
    term = "dann"
    needs = replace(
        TermMethod.needs,
        warning="where class shares differ much, or the target lacks some of the classes",
    )
