"""From a term's specification to the term."""

from __future__ import annotations

from typing import Any

from ..base.options import make_options
from ..base.renamed import renamed, renamed_options
from ..objectives.base import TERMS, Term
from .plan import Phase, TermSpec
from .scene import taught


def term_config(spec: TermSpec, stored: bool = False) -> Any:
    """Return a term's options; unknown ones are a ConfigError.

    `stored`: old names are taken without a warning.
    """
    options = renamed(spec.options, renamed_options(spec.name), stored=stored)
    return make_options(TERMS.get(spec.name).Config, options, f"term {spec.name!r}")


def make_term(spec: TermSpec, dim: int, n_classes: int) -> Term:
    """Build a term from its specification; unknown options are a ConfigError."""
    return TERMS.get(spec.name)(dim, n_classes, term_config(spec))


def extra_passes(phase: Phase) -> float:
    """Return how many batches more go through the network and back in a step, for its terms."""
    each = sum(TERMS.get(term.name).extra_passes(term_config(term)) for term in phase.terms)
    return each * len(taught(phase))
