"""Source hypothesis transfer: certain, diverse, and true to the target's own clusters."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .banks import Bank
from .base import TERMS, PhaseContext, StepBatch, Term, at_least_single
from .infomax import infomax


@torch.no_grad()
def centroid_labels(features: torch.Tensor, probabilities: torch.Tensor) -> torch.Tensor:
    """Return for each row the class whose centroid is nearest in angle (Liang et al., 2020).

    Centroids are first means weighted by the probabilities, then means of the rows that went to
    each of them. A class that no row went to has no centroid and is no answer.

    Parameters
    ----------
    features : float tensor (n, d)
    probabilities : float tensor (n, c)

    Returns
    -------
    int64 tensor (n,)
    """
    rows = F.normalize(features, dim=1)

    def closest(shares: torch.Tensor) -> torch.Tensor:
        mass = shares.sum(0)
        centroids = shares.T @ features / mass.clamp_min(1e-12)[:, None]
        cosines = rows @ F.normalize(centroids, dim=1).T
        return cosines.masked_fill(mass == 0, -torch.inf).argmax(1)

    first = closest(probabilities)
    return closest(F.one_hot(first, probabilities.shape[1]).to(features))


@TERMS.register("shot")
class SHOT(Term):
    """InfoMax, and cross-entropy to labels by the centroids of all target rows.

    The labels are taken from the whole target before the first step, and again whenever as many
    rows have passed as there are, from what the network said of each row last.
    """

    summary = "certain and diverse answers, and pseudo-labels by the centroids of all rows"
    paper = "Liang et al., 2020, ICML, Do We Really Need to Access the Source Data? (SHOT)"
    views = frozenset({"target"})

    @dataclass(frozen=True)
    class Config:
        """`pseudo`: weight of the pseudo-labels (β); `diversity`: weight of H(mean p)."""

        pseudo: float = 0.3
        diversity: float = 1.0

    labels: torch.Tensor
    passed: torch.Tensor

    def prepare(self, setting: PhaseContext) -> None:
        """Make room for all target rows."""
        n = setting.sizes["target"]
        self.bank = Bank(n, self.dim, self.n_classes, unit=False)
        self.register_buffer("labels", torch.zeros(n, dtype=torch.int64))
        self.register_buffer("passed", torch.zeros((), dtype=torch.int64))

    def begin(self, setting: PhaseContext) -> None:
        """Ask the network about all target rows, and label them."""
        self.bank.fill(setting)
        self._label()

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `infomax` + β · cross-entropy to the labels as they stand."""
        assert step.target is not None
        target, n = step.target, len(self.labels)
        logits = at_least_single(target.logits)
        loss = infomax(logits, self.config.diversity)
        loss = loss + self.config.pseudo * F.cross_entropy(logits, self.labels[target.rows])
        self.bank.put(target)
        self.passed += len(logits)
        if int(self.passed) >= n:
            self._label()
        return loss

    def _label(self) -> None:
        self.labels.copy_(centroid_labels(self.bank.features, self.bank.probabilities))
        self.passed.zero_()
