"""What the raw examples of all domains look like together."""

from __future__ import annotations

from collections.abc import Sequence

from ..base.errors import DataError
from .domain import Domain
from .examples import InputSpec


def input_hint(domains: Sequence[Domain]) -> InputSpec:
    """Look at the examples, so that a backbone can choose its preprocessing.

    Parameters
    ----------
    domains : sequence of Domain
        Of one modality.

    Raises
    ------
    DataError
        Where the domains differ in modality.
    """
    kinds = {domain.modality for domain in domains}
    if len(kinds) != 1:
        raise DataError(
            f"the domains are of the modalities {sorted(kinds)}",
            hint="give domains of one modality",
        )
    return type(domains[0].examples).hint([domain.examples for domain in domains])
