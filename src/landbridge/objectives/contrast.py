"""Two views of a row are to be told apart from all other rows: learning without labels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .adversary import small_head
from .base import EVERY, TERMS, StepBatch, Term, at_least_single


def nt_xent(first: torch.Tensor, second: torch.Tensor, temperature: float = 0.2) -> torch.Tensor:
    """Return the normalised, temperature-scaled cross-entropy (Chen et al., 2020, ICML, SimCLR).

    Each of the 2n vectors is to find its other view among the 2n − 1 others; similarity is the
    cosine over the temperature.

    Parameters
    ----------
    first, second : float tensor (n, d)
        The two views, row by row.
    temperature : float, default 0.2

    Returns
    -------
    float tensor ()
        Mean over the 2n vectors. 0 for a single row, which has nothing to be told apart from.
    """
    n = len(first)
    z = F.normalize(at_least_single(torch.cat([first, second])), dim=1)
    alike = z @ z.T / temperature
    alike = alike.masked_fill(torch.eye(2 * n, dtype=torch.bool, device=z.device), -torch.inf)
    partner = torch.arange(2 * n, device=z.device).roll(n)
    return F.cross_entropy(alike, partner)


@TERMS.register("contrast")
class Contrast(Term):
    """Weak and strong views of rows of both domains find each other, labels or none.

    Features go through two layers of the term's own first, which are not kept (SimCLR).
    """

    summary = "two views of a row find each other among all rows; no labels needed"
    paper = "Chen et al., 2020, ICML, A Simple Framework for Contrastive Learning"
    views = frozenset({"target", "strong", "other"})
    through_features = True
    target_types = EVERY

    @dataclass(frozen=True)
    class Config:
        """`temperature` of the similarities; `width` of the space they are measured in."""

        temperature: float = 0.2
        width: int = 64

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        self.project = small_head(dim, dim, self.config.width)

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `nt_xent` of both domains' rows together."""
        weak = [view for view in (step.target, step.other) if view is not None]
        strong = [view for view in (step.strong, step.other_strong) if view is not None]
        first = self.project(at_least_single(torch.cat([view.features for view in weak])))
        second = self.project(at_least_single(torch.cat([view.features for view in strong])))
        return nt_xent(first, second, self.config.temperature)
