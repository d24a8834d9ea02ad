"""Margin disparity discrepancy: an adversarial head that disagrees on the target alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from .adversarial import adversarial_ramp
from .adversary import Criterion, adversary_loss, small_head
from .base import TERMS, StepBatch, Term, at_least_single
from .rows import shares, together


def plain_margin_disparity(
    source: torch.Tensor,
    target: torch.Tensor,
    source_answers: torch.Tensor,
    target_answers: torch.Tensor,
    margin: float = 4.0,
) -> torch.Tensor:
    """Return `margin_disparity` as the paper writes it, to test against."""
    agreed = F.cross_entropy(source, source_answers)
    p = torch.softmax(target, dim=1).gather(1, target_answers[:, None])
    return margin * agreed - torch.log(1 - p).mean()


def disparity(answers: torch.Tensor, n_source: int, margin: float) -> Criterion:
    """Return `margin_disparity` as a criterion for `adversary_loss`, source rows first.

    With 1 − p_y summed from the others it keeps its digits where p_y is near 1. The gradient is
    p less the one-hot y for source rows; for target rows p_y for y, −p_k p_y / (1 − p_y) else.

    Parameters
    ----------
    answers : int64 tensor (n,)
    n_source : int
    margin : float
    """
    column = answers[:, None]

    def criterion(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        n, m = n_source, len(scores) - n_source
        weights = shares(n, m, margin, 1.0, scores.dtype, scores.device)
        p = torch.softmax(scores, dim=1)
        chosen = p.gather(1, column)
        others = p.scatter_(1, column, 0)
        left = others.sum(1, keepdim=True)
        mass = torch.cat([chosen[:n], left[n:]]).clamp_(min=torch.finfo(p.dtype).tiny)
        others[n:].mul_(chosen[n:] / mass[n:]).neg_()
        slope = others.scatter_(1, column, torch.cat([-left[:n], chosen[n:]]))
        return -torch.dot(weights, mass.log_().flatten()), slope.mul_(weights[:, None])

    return criterion


class _Disparity(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: torch.Tensor, criterion: Criterion) -> torch.Tensor:
        value, slope = criterion(scores)
        ctx.save_for_backward(slope)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return ctx.saved_tensors[0] * grads[0], None


def margin_disparity(
    *,
    source: torch.Tensor,
    target: torch.Tensor,
    source_answers: torch.Tensor,
    target_answers: torch.Tensor,
    margin: float = 4.0,
) -> torch.Tensor:
    """Return what the adversarial head minimises (Zhang et al., 2019, ICML).

    margin · mean −log p_y over the source plus mean −log(1 − p_y) over the target, with p the
    adversarial head's probabilities and y the main head's answers: agree on the source, differ
    on the target. The discrepancy is its negative.

    Parameters
    ----------
    source, target : float tensors (n_s, c), (n_t, c)
        The adversarial head's logits, two classes or more.
    source_answers, target_answers : int64 tensors (n_s,), (n_t,)
        The main head's answers.
    margin : float, default 4.0
        γ = exp ρ for the margin ρ.

    Returns
    -------
    float tensor ()
        At least 0.
    """
    scores = at_least_single(torch.cat([source, target]))
    answers = torch.cat([source_answers, target_answers])
    return _Disparity.apply(scores, disparity(answers, len(source), margin))


@TERMS.register("mdd")
class MDD(Term):
    """An adversarial head agrees with the head on the source and differs on the target."""

    summary = "no second head can agree on the source and differ on the target"
    paper = "Zhang et al., 2019, ICML, Bridging Theory and Algorithm for Domain Adaptation"
    views = frozenset({"source", "target"})
    through_features = True

    @dataclass(frozen=True)
    class Config:
        """Options of `MDD`.

        Attributes
        ----------
        margin : float
            γ.
        reversal : float
            Largest factor of the reversed gradient, which the ramp leads up to.
        hidden : int
            Width of the adversarial head.
        slope : float
            Of the ramp.
        """

        margin: float = 4.0
        reversal: float = 0.1
        hidden: int = 128
        slope: float = 10.0

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        self.head = small_head(dim, self.config.hidden, n_classes)

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `margin_disparity`; the features get its reversed gradient."""
        assert step.source is not None
        assert step.target is not None
        ramp = adversarial_ramp(step.progress, self.config.slope)
        features = together(step.source.features, step.target.features)
        with torch.no_grad():
            answers = together(step.source.logits, step.target.logits).argmax(1)
        criterion = disparity(answers, len(step.source.features), self.config.margin)
        return adversary_loss(features, self.head, criterion, self.config.reversal * ramp)
