"""Partial domain adaptation: source classes that the target does not answer count less."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .adversarial import Adversarial, adversarial_ramp
from .adversary import reverse_gradient
from .base import TERMS, PhaseContext, StepBatch, ViewOutputs, at_least_single


def class_weights(probabilities: torch.Tensor) -> torch.Tensor:
    """Return how much each class counts: the mean answer, its largest entry scaled to 1.

    Parameters
    ----------
    probabilities : float tensor (n, c)
        Answers to the target's rows.

    Examples
    --------
    >>> import torch
    >>> class_weights(torch.tensor([[0.8, 0.2], [0.8, 0.2]])).tolist()
    [1.0, 0.25]
    """
    mean = probabilities.mean(0)
    return mean / mean.max()


def weighted_confusion(
    *, source_scores: torch.Tensor, target_scores: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Return `domain_confusion` with a weight (n_s,) for each source row, used as it is."""
    s, t = at_least_single(source_scores), at_least_single(target_scores)
    source = F.binary_cross_entropy_with_logits(s, torch.ones_like(s), weight=weights)
    target = F.binary_cross_entropy_with_logits(t, torch.zeros_like(t))
    return 0.5 * (source + target)


@TERMS.register("pada")
class PADA(Adversarial):
    """Adversarial training in which source rows count as much as their class is answered.

    The weights stand before L_source as well. They are the mean answer over all target rows,
    by what the network said of each row last.
    """

    summary = "as dann; source classes that the target is not answered with count less"
    paper = "Cao et al., 2018, ECCV, Partial Adversarial Domain Adaptation"

    @dataclass(frozen=True)
    class Config:
        """`hidden`: width of the discriminator; `slope`: of the ramp."""

        hidden: int = 128
        slope: float = 10.0

    through_features = False  # its weights of source rows reach the head
    target_types = frozenset(("multiclass",))
    said: torch.Tensor

    def prepare(self, setting: PhaseContext) -> None:
        """Make room for the answers to all target rows."""
        n = setting.sizes["target"]
        self.register_buffer("said", torch.full((n, self.n_classes), 1 / self.n_classes))

    def begin(self, setting: PhaseContext) -> None:
        """Ask the network about all target rows."""
        assert setting.outputs is not None
        _, logits = setting.outputs("target")
        self.said.copy_(torch.softmax(at_least_single(logits), dim=1))

    def source_weights(self, step: StepBatch) -> torch.Tensor:
        """Return the weight of each source row's class, (n,)."""
        assert step.source is not None
        assert step.source.labels is not None
        return class_weights(self.said)[step.source.labels]

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return the discriminator's weighted loss; the features get its reversed gradient."""
        assert step.source is not None
        assert step.target is not None
        strength = adversarial_ramp(step.progress, self.config.slope)
        both = at_least_single(torch.cat([step.source.features, step.target.features]))
        scores = self.discriminator(reverse_gradient(both, strength)).squeeze(1)
        n = len(step.source.features)
        loss = weighted_confusion(
            source_scores=scores[:n],
            target_scores=scores[n:],
            weights=self.source_weights(step).to(scores),
        )
        self._remember(step.target)
        return loss

    @torch.no_grad()
    def _remember(self, target: ViewOutputs) -> None:
        found = torch.softmax(at_least_single(target.logits), dim=1)
        self.said[target.rows] = found.to(self.said)
