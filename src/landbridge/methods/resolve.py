"""From a name and options to a method, and whether its needs are met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..base.errors import ConfigError, MethodError
from ..base.options import make_options
from .base import METHODS, FeatureMethod, Needs
from .combine import Combine
from .network import NetworkMethod

Method = FeatureMethod | NetworkMethod


def make_method(name: str, options: Mapping[str, Any] | None = None) -> Method:
    """Return the method called `name`; terms joined by "+" make a combination.

    Raises
    ------
    ConfigError
        For an unknown name, term or option, with the nearest known one.
    """
    values = dict(options or {})
    if "+" in name:
        terms = name.split("+")
        from ..objectives.base import TERMS

        for term in terms:
            TERMS.get(term)
        values["terms"] = {term: 1.0 for term in terms} | dict(values.get("terms", {}))
        method: Method = Combine(make_options(Combine.Config, values, f"method {name!r}"))
        method.name = name  # type: ignore[misc]
        return method
    if name == "auto":
        raise ConfigError("'auto' is a choice among methods, not one", do="name a method")
    kind = METHODS.get(name)
    return kind(make_options(kind.Config, values, f"method {name!r}"))


@dataclass(frozen=True)
class Situation:
    """What the data offer, as far as needs go."""

    source: str
    """"labelled", "unlabelled" or "none"."""
    target: str
    """"all", "few" or "none" of the usable target rows are labelled."""
    shared_classes: bool
    pretrained: bool


def unmet(needs: Needs, situation: Situation) -> str:
    """Return which need is not met, in a sentence; "" where all are."""
    if needs.source == "labelled" and situation.source != "labelled":
        return f"it needs a labelled source, and the source is {situation.source}"
    if needs.source == "unlabelled" and situation.source == "none":
        return "it needs a source, and there is none"
    if needs.target == "labelled" and situation.target == "none":
        return "it needs target labels, and there are none to use"
    if needs.shared_classes and situation.source == "labelled" and not situation.shared_classes:
        return "it needs classes that source and target share, and they share none"
    if needs.pretrained and not situation.pretrained:
        return "it needs a pretrained backbone"
    return ""


def require(method: Method, situation: Situation) -> None:
    """Raise MethodError where a need is not met, saying what to do."""
    missing = unmet(method.needs, situation)
    if missing:
        raise MethodError(
            f"method {method.name!r} cannot run here: {missing}",
            do="give what it needs, or let --method auto choose; `landbridge methods` lists needs",
        )
