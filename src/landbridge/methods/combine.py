"""Combinations of terms as a method of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..base.errors import ConfigError
from ..training.plan import TermSpec
from .base import METHODS
from .network import RAMP, TermMethod


@METHODS.register("combine")
class Combine(TermMethod):
    """Source loss + any terms together; written "mcc+dann" for short.

    Examples
    --------
    >>> from landbridge.methods.resolve import make_method
    >>> [term.name for term in make_method("infomax+consistency").terms()]
    ['infomax', 'consistency']
    """

    summary = "any terms together: write infomax+consistency, mcc+dann, ..."

    @dataclass(frozen=True)
    class Config:
        """`terms`: weight of each; `options`: of each term; `target_weight`: λ of L_target."""

        terms: Mapping[str, float] = field(default_factory=lambda: {"mcc": 1.0, "dann": 1.0})
        options: Mapping[str, dict] = field(default_factory=dict)
        target_weight: float = 1.0

    def terms(self) -> tuple[TermSpec, ...]:
        """Return the terms in the order given."""
        astray = [name for name in self.config.options if name not in self.config.terms]
        if astray:
            raise ConfigError(
                f"combine: options for {astray}, which are not among the terms",
                do=f"terms here: {', '.join(self.config.terms)}",
            )
        return tuple(
            TermSpec(name, weight, ramp=RAMP, options=self.config.options.get(name, {}))
            for name, weight in self.config.terms.items()
        )
