"""What a network last said of every row of the target, and who is near whom."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from .base import PhaseContext, Term, ViewOutputs, at_least_single


class Bank(nn.Module):
    """Features and probabilities of all rows, refreshed as rows pass.

    Everything is a buffer, so that a resumed run remembers what it would have remembered.

    Parameters
    ----------
    n, dim, n_classes : int
        Rows, width of the features, number of answers.
    unit : bool
        Whether features are scaled to length 1, so that products are cosines.

    Attributes
    ----------
    features : float32 tensor (n, dim)
    probabilities : float32 tensor (n, n_classes)
    """

    features: torch.Tensor
    probabilities: torch.Tensor

    def __init__(self, n: int, dim: int, n_classes: int, *, unit: bool) -> None:
        super().__init__()
        self.unit = unit
        self.register_buffer("features", torch.zeros(n, dim))
        self.register_buffer("probabilities", torch.full((n, n_classes), 1 / n_classes))

    @torch.no_grad()
    def fill(self, setting: PhaseContext) -> None:
        """Ask the network about all rows of the target."""
        assert setting.outputs is not None
        features, logits = setting.outputs("target")
        self.features.copy_(self.scaled(features))
        self.probabilities.copy_(torch.softmax(at_least_single(logits), dim=1))

    @torch.no_grad()
    def put(self, view: ViewOutputs) -> None:
        """Take in a batch, whose `rows` say where it stands."""
        assert view.rows is not None
        self.features[view.rows] = self.scaled(view.features).to(self.features)
        answers = torch.softmax(at_least_single(view.logits), dim=1)
        self.probabilities[view.rows] = answers.to(self.probabilities)

    def scaled(self, features: torch.Tensor) -> torch.Tensor:
        """Return features as the bank keeps them."""
        features = at_least_single(features)
        return F.normalize(features, dim=1) if self.unit else features


class BankTerm(Term):
    """A term that remembers what was last said of every target row, in `bank`."""

    unit: ClassVar[bool] = True
    """Whether the bank's features are scaled to length 1."""

    def prepare(self, setting: PhaseContext) -> None:
        """Make room for all target rows."""
        self.bank = Bank(setting.sizes["target"], self.dim, self.n_classes, unit=self.unit)

    def begin(self, setting: PhaseContext) -> None:
        """Ask the network about all target rows."""
        self.bank.fill(setting)


@torch.no_grad()
def nearest(
    bank: torch.Tensor, queries: torch.Tensor, rows: torch.Tensor, count: int
) -> torch.Tensor:
    """Return the rows of `bank` with the largest products, nearest first, never the row itself.

    Parameters
    ----------
    bank : float tensor (n, d)
        At least two rows.
    queries : float tensor (m, d)
    rows : int64 tensor (m,)
        Which row of the bank each query is.
    count : int
        At most n − 1 are returned.

    Returns
    -------
    int64 tensor (m, min(count, n − 1))
    """
    closeness = queries.to(bank) @ bank.T
    closeness.scatter_(1, rows[:, None], -torch.inf)
    return closeness.topk(min(count, len(bank) - 1), dim=1).indices
