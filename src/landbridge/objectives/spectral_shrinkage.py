"""Batch spectral shrinkage."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .base import EVERY, TERMS, StepBatch, Term, at_least_single


def spectral_shrinkage(features: torch.Tensor, smallest: int = 1) -> torch.Tensor:
    """Return the sum of the `smallest` smallest squared singular values (Chen et al., 2019).

    Directions in which a batch hardly spreads carry what does not transfer; the others are
    left alone.

    Parameters
    ----------
    features : float tensor (n, d)
        Has min(n, d) singular values.
    smallest : int, default 1
        How many; more than there are means all.

    Returns
    -------
    float tensor ()

    Examples
    --------
    >>> import torch
    >>> round(float(spectral_shrinkage(torch.diag(torch.tensor([3.0, 1.0, 2.0])), 2)), 4)
    5.0
    """
    values = torch.linalg.svdvals(at_least_single(features))  # from the largest on
    return values[max(0, len(values) - smallest) :].square().sum()


@TERMS.register("bss")
class SpectralShrinkage(Term):
    """The smallest singular values of a labelled target batch's features are kept small."""

    summary = "directions in which features hardly spread are shrunk"
    paper = "Chen et al., 2019, NeurIPS, Catastrophic Forgetting Meets Negative Transfer (BSS)"
    views = frozenset({"labelled"})
    through_features = True
    target_types = EVERY

    @dataclass(frozen=True)
    class Config:
        """`smallest`: how many singular values are shrunk."""

        smallest: int = 1

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `spectral_shrinkage` of the labelled target features."""
        assert step.labelled is not None
        return spectral_shrinkage(step.labelled.features, self.config.smallest)
