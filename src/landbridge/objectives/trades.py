"""TRADES: answers that stay as they are within a distance of each row."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from .base import TERMS, ViewOutputs, at_least_single
from .perturb import PerturbTerm, in_evaluation

_START = 0.03
"""Spread of the change that the search begins with, of eps: where there is none, no slope is."""


def trades(clean: torch.Tensor, changed: torch.Tensor) -> torch.Tensor:
    """Return the mean over rows of KL(softmax(clean) ‖ softmax(changed)).

    Parameters
    ----------
    clean, changed : float tensor (n, c)
        Logits of rows, and of the same rows with other inputs; both get a gradient.

    Returns
    -------
    float tensor ()

    Examples
    --------
    >>> even, sure = torch.zeros(1, 2), torch.tensor([[2.0, 0.0]])
    >>> round(float(trades(even, sure)), 4)
    0.4338
    """
    clean, changed = at_least_single(clean), at_least_single(changed)
    return F.kl_div(
        F.log_softmax(changed, 1), F.log_softmax(clean, 1), reduction="batchmean", log_target=True
    )


@TERMS.register("trades")
class Trades(PerturbTerm):
    """How far the answers of a row go where its input changes a little, at the worst.

    What the answers on unchanged inputs should be is the task's own loss; the weight of the term
    is the paper's β, which gives up accuracy on these for accuracy on changed ones.
    """

    summary = "answers stay as they are where inputs change a little"
    paper = "Zhang et al., 2019, ICML, Theoretically Principled Trade-off (TRADES)"
    target_types = frozenset(("multiclass",))

    @classmethod
    def extra_passes(cls, config: Any) -> float:
        """Return those of the search, of what is learned, and one to compare with."""
        return super().extra_passes(config) + 0.5

    def loss_of(self, view: ViewOutputs) -> torch.Tensor:
        """Return `trades` at the end of the search."""
        assert view.inputs is not None
        # What the search asks answers in evaluation mode, and so does what it is compared with.
        with torch.no_grad(), in_evaluation(self.setting.network):
            fixed = self.setting.network(view.inputs)[1]
        start = _START * self.size(view.inputs) * torch.randn_like(view.inputs)
        found = self.search(view.inputs, lambda logits: trades(fixed, logits), start=start)
        return trades(view.logits, self.setting.network(found)[1])
