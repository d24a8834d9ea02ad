"""Minimum class confusion with a linear head on frozen features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base.fields import setting
from ..core.base import METHODS
from .linear_term import LinearTerm

if TYPE_CHECKING:
    import torch


@METHODS.register("linear-mcc")
class LinearMCC(LinearTerm):
    """Keep classes from being confused on the target, moving the head alone (Jin et al., 2020).

    What `mcc` does to a network this does to a linear head on frozen features, in a second.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import LinearMCC
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1, 2], 60)
    >>> x = rng.normal(size=(180, 4)) + 4 * np.eye(3, 4)[labels]
    >>> LinearMCC().fit(x, labels, x + 1).score(x + 1, labels) > 0.9
    True
    """

    summary = "a linear head that confuses no classes on the target"
    paper = "Jin, Wang, Long & Wang, 2020, ECCV, Minimum Class Confusion"

    temperature: float = setting(2.5, "Logits are divided by it before confusion counts.", gt=0)

    def term(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the mean share of confusion off the diagonal."""
        from ...objectives.mcc import mcc

        return mcc(logits, self.temperature)
