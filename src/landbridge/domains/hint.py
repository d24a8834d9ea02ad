"""What the raw examples of all domains look like together."""

from __future__ import annotations

from collections.abc import Sequence

from ..base.errors import DataError
from .domain import Domain
from .modalities.base import InputHint
from .modalities.images import ImageExamples
from .modalities.tabular import TablePreprocessing


def input_hint(domains: Sequence[Domain]) -> InputHint:
    """Look at the examples, so that a backbone can choose its preprocessing.

    Parameters
    ----------
    domains : sequence of Domain
        Of one modality.

    Returns
    -------
    InputHint
        Images: the greatest of the domains' median heights and widths, so that the
        sharper domain loses nothing; 1 channel only where all are grey. Tables: the number
        of columns after encoding.

    Raises
    ------
    DataError
        Where the domains differ in modality.
    """
    kinds = {domain.modality for domain in domains}
    if len(kinds) != 1:
        raise DataError(
            f"the domains are of the modalities {sorted(kinds)}", do="give domains of one modality"
        )
    kind = kinds.pop()
    if kind == "tabular":
        fitted = TablePreprocessing.fit([domain.examples for domain in domains])
        return InputHint(kind, columns=fitted.shape[0])
    shapes = [
        domain.examples.shape_hint()
        for domain in domains
        if isinstance(domain.examples, ImageExamples)
    ]
    height, width, channels = (max(sizes) for sizes in zip(*shapes, strict=True))
    return InputHint(kind, height=height, width=width, channels=channels)
