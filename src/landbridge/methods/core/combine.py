"""Combinations of terms as a method of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...base.errors import ConfigError
from ...training.plan import TermSpec
from .base import EVERY, METHODS
from .terms import TermMethod, check_terms, named_terms


@METHODS.register("combine")
class Combine(TermMethod):
    """Source loss + any terms together; written "mcc+dann" for short.

    "joint+mcc" asks for target labels (L_target) as well; without "joint" they are used where
    there are any.

    Examples
    --------
    >>> from landbridge.methods.core.resolve import make_method
    >>> [term.name for term in make_method("infomax+consistency").terms()]
    ['infomax', 'consistency']
    """

    summary = "any terms together: write infomax+consistency, mcc+dann, ..."

    @dataclass(frozen=True)
    class Config:
        """Options of `Combine`.

        Attributes
        ----------
        terms : mapping of str to float
            Weight of each.
        options : mapping of str to dict
            Of each term.
        target_weight : float
            λ of L_target, where target labels are there to use.
        joint : bool
            Whether it takes target labels to run at all.
        """

        terms: Mapping[str, float] = field(default_factory=lambda: {"mcc": 1.0, "dann": 1.0})
        options: Mapping[str, dict] = field(default_factory=dict)
        target_weight: float = 1.0
        joint: bool = False

    def __init__(self, config: Any = None) -> None:
        super().__init__(config)
        if self.config.joint:
            self.needs = replace(self.needs, target="labelled")  # type: ignore[misc]
        if not self.config.terms:
            from ...objectives.base import TERMS  # which imports torch

            raise ConfigError("combine: no terms", hint=f"name some of these: {', '.join(TERMS)}")
        kinds = check_terms(self.config, "combine")
        if any(
            name in METHODS and METHODS.get(name).needs.assumes_no_label_shift
            for name in self.config.terms
        ):
            self.needs = replace(self.needs, assumes_no_label_shift=True)  # type: ignore[misc]
        able = EVERY.intersection(*(kind.target_types for kind in kinds))
        self.needs = replace(self.needs, target_types=able)  # type: ignore[misc]

    def terms(self) -> tuple[TermSpec, ...]:
        """Return the terms in the order given."""
        return named_terms(self.config)
