"""Methods that a term makes: source loss + term, declared in a line or two each."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass, replace
from typing import Any, ClassVar

from ...base.errors import ConfigError
from ...base.typed import Options
from ...training.plan import TermSpec, TrainingPlan
from .base import CLASSES, METHODS, Requirements
from .network import NetworkMethod, PlanContext
from .recipes import adapt_phase


def own_options(config: Any, shared: type) -> Options:
    """Return the fields of a configuration that `shared` lacks: the term's own options."""
    common = {field.name for field in fields(shared)}
    return {f.name: getattr(config, f.name) for f in fields(config) if f.name not in common}


RAMP = 0.2
"""Share of the phase over which a term comes in: early answers are often wrong."""


def named_terms(config: Any) -> tuple[TermSpec, ...]:
    """Return the terms of a configuration that names their weights and options, in its order."""
    return tuple(
        TermSpec(name, weight, ramp=RAMP, options=config.options.get(name, {}))
        for name, weight in config.terms.items()
    )


def check_terms(config: Any, method: str, *others: str) -> list[Any]:
    """Return the classes of a configuration's terms, once their options were looked at.

    Parameters
    ----------
    config : Config
        With `terms` and `options`.
    method : str
        For errors.
    *others : str
        What else may have options there.

    Raises
    ------
    ConfigError
        For an unknown term or option, or options of what is not there.
    """
    from ...objectives.base import TERMS  # which imports torch
    from ...training.terms import term_config

    kinds = [TERMS.get(name) for name in config.terms]
    for spec in named_terms(config):
        term_config(spec, stored=True)  # the loop warns
    here = (*others, *config.terms)
    astray = [name for name in config.options if name not in here]
    if astray:
        raise ConfigError(
            f"{method}: options for {', '.join(astray)}, which is not among the terms",
            hint=f"here are {', '.join(here)}",
        )
    return kinds


@dataclass(frozen=True)
class TermConfig:
    """Options of every method that adapts by one term.

    Attributes
    ----------
    weight : float
        Of the term.
    target_weight : float
        λ of L_target, where target labels are there to use.
    """

    weight: float = 1.0
    target_weight: float = 1.0


def term_needs(answers: frozenset[str] = CLASSES) -> Requirements:
    """Return what a method needs that adapts by terms which can do these kinds of answer."""
    return Requirements(
        source="labelled",
        target="unlabelled",
        gradients=True,
        shared_classes=True,
        target_types=answers,
    )


class TermMethod(NetworkMethod):
    """Source loss + terms on unlabelled target rows (+ λ · L_target where there are labels).

    What `Config` holds beside `TermConfig` are the term's own options.
    """

    term: ClassVar[str]
    fixed: ClassVar[Options] = {}
    """Options of the term that are not this method's."""
    ramp: ClassVar[float] = RAMP
    needs = term_needs()
    Config = TermConfig

    def options(self) -> Options:
        """Return the term's own options."""
        return own_options(self.config, TermConfig) | self.fixed

    def terms(self) -> tuple[TermSpec, ...]:
        """Return the terms that act."""
        return (TermSpec(self.term, self.config.weight, ramp=self.ramp, options=self.options()),)

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Go on from the source-only network of the same seed."""
        return TrainingPlan(
            "source", (adapt_phase(context, self.terms(), self.config.target_weight),)
        )


ASSUMES_NO_LABEL_SHIFT = replace(
    TermMethod.needs,
    assumes_no_label_shift=True,
    warning="where class shares differ much, or the target lacks some of the classes",
)
"""Needs of a term that goes wrong where the classes' shares differ between the domains."""


def term_method(
    name: str,
    summary: str,
    paper: str,
    *,
    about: str = "",
    base: type[NetworkMethod] = TermMethod,
    weight: float | None = None,
    options: Mapping[str, tuple[Any, str]] | None = None,
    **attributes: Any,
) -> None:
    """Register the method that one term makes.

    Terms import torch and the list of methods does not, so this stands beside the family and not
    in the term's file; a test holds that the term has the options that are named here.

    Parameters
    ----------
    name, summary, paper : str
    about : str
        What else there is to know of it.
    base : type
        What trains with the term: `TermMethod`, or a family's own.
    weight : float, optional
        The term's, where it is not what `base` has.
    options : mapping, optional
        Those of the term that the method has as well: default and explanation.
    **attributes
        What differs from `base` otherwise: `needs`, `ramp`, `family`, ...; `term` is `name`
        where it is not given.
    """
    own_defaults = {key: value for key, (value, _) in (options or {}).items()}
    defaults = own_defaults if weight is None else {"weight": weight} | own_defaults
    config = make_dataclass(
        "Config",
        [(key, type(value), field(default=value)) for key, value in defaults.items()],
        bases=(base.Config,),
        frozen=True,
    )
    explained = [
        f"    {key} : {type(v).__name__}\n        {a}" for key, (v, a) in (options or {}).items()
    ]
    config.__doc__ = "\n".join([(base.Config.__doc__ or "").rstrip(), *explained])
    # A worker process finds what the caller's module registers: see `Registry.found_anywhere`.
    module = sys._getframe(1).f_globals["__name__"]
    own = {"summary": summary, "paper": paper, "term": name, "Config": config}
    own["__doc__"] = about or f"{summary[0].upper()}{summary[1:]}."
    own |= {"__module__": module} | attributes
    METHODS.register(name)(type(f"{base.__name__}[{name}]", (base,), own))
