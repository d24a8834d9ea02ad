"""Distance between the covariances of two batches."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..base.errors import ConfigError
from .base import EVERY, TERMS, Step, Term, at_least_single


def covariance_distance(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return ‖C_s − C_t‖²_F / (4 d²) (Sun and Saenko, 2016, ECCV workshops).

    Parameters
    ----------
    source, target : float tensors (n_s, d), (n_t, d)
        At least two rows each; n_s and n_t may differ.

    Raises
    ------
    ConfigError
        Where a batch is a single row, which has no covariance.
    """
    if min(len(source), len(target)) < 2:
        raise ConfigError(
            f"deep-coral: batches of {len(source)} and {len(target)} rows, and a covariance "
            "needs two rows",
            do="raise training.batch",
        )
    d = source.shape[1]
    difference = torch.cov(at_least_single(source).T) - torch.cov(at_least_single(target).T)
    return difference.square().sum() / (4 * d * d)


@TERMS.register("deep-coral")
class DeepCORAL(Term):
    """Source and target features have like covariances."""

    summary = "features of both domains have like covariances"
    paper = "Sun and Saenko, 2016, ECCV workshops, Deep CORAL"
    views = frozenset({"source", "target"})
    answers = EVERY

    @dataclass(frozen=True)
    class Config:
        """No options."""

    def forward(self, step: Step) -> torch.Tensor:
        """Return `covariance_distance` of the two batches' features."""
        assert step.source is not None
        assert step.target is not None
        return covariance_distance(step.source.features, step.target.features)
