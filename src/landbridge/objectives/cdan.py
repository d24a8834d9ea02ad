"""Conditional domain-adversarial training: the discriminator sees features and answers."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .adversarial import adversarial_ramp, domain_criterion
from .adversary import adversary_loss, small_head
from .base import TERMS, StepBatch, Term
from .rows import together


def multilinear(features: torch.Tensor, probabilities: torch.Tensor) -> torch.Tensor:
    """Return each row's outer product p ⊗ f, laid flat: (n, d), (n, c) -> (n, c · d)."""
    return (probabilities[:, :, None] * features[:, None, :]).flatten(1)


def random_multilinear(
    features: torch.Tensor,
    probabilities: torch.Tensor,
    feature_map: torch.Tensor,
    answer_map: torch.Tensor,
) -> torch.Tensor:
    """Return (f R_f) ∘ (p R_g): (n, w).

    For entries of R with mean 0 and variance 1 / sqrt(w), inner products of these rows are on
    average those of `multilinear` (Long et al., 2018, NeurIPS, with its 1 / sqrt(w) in
    the matrices).

    Parameters
    ----------
    features, probabilities : float tensors (n, d), (n, c)
    feature_map, answer_map : float tensors (d, w), (c, w)
        R_f and R_g.
    """
    return (features @ feature_map).mul(probabilities @ answer_map)


def certainty(probabilities: torch.Tensor) -> torch.Tensor:
    """Return 1 + exp(−entropy) of each row: (n, c) -> (n,)."""
    return torch.exp(torch.special.entr(probabilities).sum(1).neg_()).add_(1)


@TERMS.register("cdan")
class CDAN(Term):
    """A discriminator of feature ⊗ answer; with `entropy`, certain rows count more (CDAN+E).

    As in the authors' code no gradient flows through answers and weights. The random matrices
    are buffers, so that a resumed run goes on with the same ones.
    """

    summary = "a discriminator of features and answers together cannot tell the domains apart"
    paper = "Long et al., 2018, NeurIPS, Conditional Adversarial Domain Adaptation"
    views = frozenset({"source", "target"})
    through_features = True

    @dataclass(frozen=True)
    class Config:
        """Options of `CDAN`.

        Attributes
        ----------
        entropy : bool
            Weigh rows by 1 + exp(−entropy).
        width : int
            Most columns of the map; where features × classes are more, it is the random map
            of that width.
        hidden : int
            Width of the discriminator.
        slope : float
            Of the ramp.
        """

        entropy: bool = True
        width: int = 256
        hidden: int = 128
        slope: float = 10.0

    feature_map: torch.Tensor
    answer_map: torch.Tensor

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        wide = self.config.width
        self.random = dim * n_classes > wide
        if self.random:
            scale = wide**-0.25
            self.register_buffer("feature_map", torch.randn(dim, wide) * scale)
            self.register_buffer("answer_map", torch.randn(n_classes, wide) * scale)
        columns = wide if self.random else dim * n_classes
        hidden = self.config.hidden
        self.discriminator = small_head(columns, hidden, hidden, 1)

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return the discriminator's loss; the features get its reversed gradient."""
        assert step.source is not None
        assert step.target is not None
        strength = adversarial_ramp(step.progress, self.config.slope)
        features = together(step.source.features, step.target.features)
        with torch.no_grad():
            p = torch.softmax(together(step.source.logits, step.target.logits), dim=1)
            weights = certainty(p) if self.config.entropy else None
        if self.random:
            seen = random_multilinear(features, p, self.feature_map, self.answer_map)
        else:
            seen = multilinear(features, p)
        criterion = domain_criterion(len(step.source.features), weights)
        return adversary_loss(seen, self.discriminator, criterion, strength)
