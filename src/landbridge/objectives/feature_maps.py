"""Distance between feature maps and those of the start, channel by channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..backbones.extraction import evaluating
from ..backbones.maps import by_channel, stage_maps
from ..backbones.surgery import Network
from .base import EVERY, TERMS, PhaseContext, StepBatch, Term, at_least_single


def map_distance(
    maps: Sequence[torch.Tensor], anchors: Sequence[torch.Tensor], weights: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Return Σ over stages and channels of weight · squared distance (Li et al., 2019, DELTA).

    The squared distance of a channel is the mean over rows and positions, so that stages with
    large maps do not count more for their size.

    Parameters
    ----------
    maps, anchors : sequences of float tensors
        Of each stage: (n, c, h, w), (n, tokens, c) or (n, c).
    weights : sequence of float tensors (c,)
    """
    total = weights[0].new_zeros(())
    for now, then, weight in zip(maps, anchors, weights, strict=True):
        difference = by_channel(at_least_single(now)) - by_channel(at_least_single(then)).detach()
        total = total + (weight * difference.square().mean((0, 2))).sum()
    return total


Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def channel_weights(
    network: Network, x: torch.Tensor, labels: torch.Tensor, loss: Loss = F.cross_entropy
) -> list[torch.Tensor]:
    """Return how much the loss would rise without each channel, as a softmax for each stage.

    The paper switches every channel off in turn, which takes a pass each. To first order the
    rise is −Σ gradient · activation (Molchanov et al., 2017, ICLR), for all of them at once.
    What goes into the softmax is standardised: rises are far too small to tell channels apart
    otherwise.

    Parameters
    ----------
    network : Network
        In whatever mode; it is asked in evaluation mode, and stays as it is.
    x, labels : tensors
        A sample of labelled rows.
    loss : callable (logits, labels) -> tensor
        Their mean loss.

    Returns
    -------
    list of float tensors (c,)
        Of each stage, with mean 1.
    """
    with evaluating(network), stage_maps(network, True) as maps, torch.enable_grad():
        # The inputs carry the gradient, so a network that stands still can be asked as well.
        _, logits = network(x.detach().clone().requires_grad_())
        grads = torch.autograd.grad(loss(at_least_single(logits), labels), list(maps))
    weights = []
    for found, grad in zip(maps, grads, strict=True):
        rise = -(by_channel(found) * by_channel(grad)).float().sum((0, 2)).detach()
        scale = rise.std() if len(rise) > 1 else rise.new_ones(())
        standard = (rise - rise.mean()) / scale.clamp_min(1e-12)
        weights.append(len(rise) * torch.softmax(standard, 0))
    return weights


@TERMS.register("delta")
class FeatureMaps(Term):
    """Each stage's maps on labelled target rows stay like the start's, where it matters.

    The weights of the channels are worked out once, before the first step, with the head as it
    is then: give it a phase of its own first.
    """

    summary = "feature maps stay near those of the start, weighted by channel"
    paper = "Li et al., 2019, ICLR, DELTA"
    views = frozenset({"labelled"})
    through_features = True
    target_types = EVERY
    anchored = True
    maps = True

    @dataclass(frozen=True)
    class Config:
        """`weighted`: whether channels count by what they are worth; `sample`: rows for that."""

        weighted: bool = True
        sample: int = 64

    def prepare(self, setting: PhaseContext) -> None:
        """Make a buffer of ones for each stage's channels."""
        assert setting.inputs is not None
        network = setting.network
        row = setting.inputs("target", torch.zeros(1, dtype=torch.int64))
        with evaluating(network), stage_maps(network, True) as maps, torch.no_grad():
            network(row)
        for i, found in enumerate(maps):
            self.register_buffer(f"weight{i}", torch.ones(by_channel(found).shape[1]))

    def begin(self, setting: PhaseContext) -> None:
        """Weigh the channels on granted labels."""
        if not self.config.weighted:
            return
        assert setting.inputs is not None
        assert setting.labels is not None
        assert setting.labeled_mask is not None
        labels = setting.labels("target")
        rows = torch.nonzero(setting.labeled_mask("target")).flatten()
        # Evenly spread: the rows may lie class by class.
        take = torch.linspace(0, len(rows) - 1, min(self.config.sample, len(rows))).long()
        rows = rows[take.to(rows.device)]
        x = setting.inputs("target", rows)
        found = channel_weights(setting.network, x, labels[rows], setting.loss)
        for own, weight in zip(self._weights(), found, strict=True):
            own.copy_(weight)

    def _weights(self) -> list[torch.Tensor]:
        return [buffer for name, buffer in self.named_buffers() if name.startswith("weight")]

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `map_distance` of the labelled rows' maps to the start's."""
        assert step.labelled is not None
        assert step.labelled.anchor is not None
        if not step.labelled.maps:  # features that stand still cannot have moved
            return 0.0 * step.labelled.features.sum()
        return map_distance(step.labelled.maps, step.labelled.anchor.maps, self._weights())
