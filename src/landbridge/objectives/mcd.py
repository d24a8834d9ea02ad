"""Maximum classifier discrepancy, in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from .adversarial import adversarial_ramp
from .adversary import reverse_gradient
from .base import TERMS, StepBatch, Term, at_least_single


def classifier_discrepancy(*, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return the mean of |p − q| over rows and classes (Saito et al., 2018, CVPR).

    Parameters
    ----------
    one, other : float tensors (n, c)
        Logits of the two heads for the same rows.

    Returns
    -------
    float tensor ()
        In [0, 2 / c].
    """
    p, q = torch.softmax(at_least_single(torch.stack([one, other])), dim=2)
    return (p - q).abs().mean()


class _TwoHeads(nn.Module):
    """Two heads (n, d) -> (2, n, c) with one hidden layer each, computed together."""

    def __init__(self, dim: int, hidden: int, n_classes: int) -> None:
        super().__init__()
        self.first = nn.Linear(dim, 2 * hidden)
        bound = hidden**-0.5  # as nn.Linear draws them
        self.weight = nn.Parameter(torch.empty(2, hidden, n_classes).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(2, 1, n_classes).uniform_(-bound, bound))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = F.relu(self.first(x)).unflatten(1, (2, -1)).transpose(0, 1)
        return torch.baddbmm(self.bias, hidden, self.weight)


@TERMS.register("mcd")
class MCD(Term):
    """Two heads that know the source disagree on the target; the features make them agree.

    The paper takes three steps for each batch: (A) all learn the source; (B) the heads learn the
    source and to disagree on the target, the features standing still; (C) four times over, the
    features learn to make them agree, the heads standing still. Here it is one pass with the
    gradient of the disagreement reversed: (A), (B) and (C) at the same time, (C) once and as
    strongly as the ramp says. The heads are the term's own and are thrown away; it is the
    network's head that answers.
    """

    summary = "two heads cannot be made to disagree on the target"
    paper = "Saito et al., 2018, CVPR, Maximum Classifier Discrepancy"
    views = frozenset({"source", "target"})
    through_features = True

    @dataclass(frozen=True)
    class Config:
        """`hidden`: width of each head; `slope`: of the ramp."""

        hidden: int = 128
        slope: float = 10.0

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        self.heads = _TwoHeads(dim, self.config.hidden, n_classes)

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return both heads' source losses less their `classifier_discrepancy` on the target."""
        assert step.source is not None
        assert step.source.labels is not None
        assert step.target is not None
        strength = adversarial_ramp(step.progress, self.config.slope)
        reversed_ = reverse_gradient(step.target.features, strength)
        n = len(step.source.features)
        both = self.heads(at_least_single(torch.cat([step.source.features, reversed_])))
        labels = step.source.labels.repeat(2)
        learned = 2 * F.cross_entropy(both[:, :n].flatten(0, 1), labels)
        return learned - classifier_discrepancy(one=both[0, n:], other=both[1, n:])
