"""TRADES: answers that stay as they are within a distance of each row."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from .base import TERMS, ViewOutputs, at_least_single
from .perturb import PerturbTerm

_START = 1e-3
"""Spread of the change that the search begins with: where there is none there is no slope."""


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

    def loss_of(self, view: ViewOutputs) -> torch.Tensor:
        """Return `trades` at the end of the search."""
        assert view.inputs is not None
        fixed = view.logits.detach()
        start = _START * torch.randn_like(view.inputs)
        found = self.search(view.inputs, lambda logits: trades(fixed, logits), start=start)
        return trades(view.logits, self.setting.network(found)[1])
