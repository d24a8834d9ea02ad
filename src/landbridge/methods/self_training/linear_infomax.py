"""Information maximisation with a linear head on frozen features."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...base.fields import setting
from ..core.base import METHODS
from .linear_term import LinearTerm

if TYPE_CHECKING:
    import torch


@METHODS.register("linear-infomax")
class LinearInfoMax(LinearTerm):
    """Be certain on each target row and diverse over all, moving the head alone.

    What `infomax` does to a network this does to a linear head on frozen features, in a second.
    Diversity takes it that classes are about as frequent as each other.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import LinearInfoMax
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1, 2], 60)
    >>> x = rng.normal(size=(180, 4)) + 4 * np.eye(3, 4)[labels]
    >>> LinearInfoMax().fit(x, labels, x + 1).score(x + 1, labels) > 0.9
    True
    """

    summary = "a linear head that is certain on each target row and diverse over all"
    paper = "Krause, Perona & Gomes, 2010, NIPS; Liang, Hu & Feng, 2020, ICML"
    needs = replace(LinearTerm.needs, assumes_no_label_shift=True)

    diversity: float = setting(1.0, "Weight of the entropy of the mean answer.", ge=0)

    def term(self, logits: torch.Tensor) -> torch.Tensor:
        """Return H(p) − diversity · H(mean p), means over rows."""
        from ...objectives.infomax import infomax

        return infomax(logits, self.diversity)
