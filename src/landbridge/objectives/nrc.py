"""Neighbours, those who agree on it most: reciprocal ones first, then neighbours of neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .banks import BankTerm, nearest
from .base import TERMS, StepBatch, at_least_single

DOUBT = 0.1
"""Affinity r of neighbours that are not reciprocal, and of neighbours of neighbours."""


def neighbour_agreement(
    p: torch.Tensor,
    own: torch.Tensor,
    near: torch.Tensor,
    affinity: torch.Tensor,
    wide: torch.Tensor,
    wide_affinity: torch.Tensor,
) -> torch.Tensor:
    """Return L_div + L_N + L_E + L_self of Yang et al. (2021, NeurIPS).

    −mean Σ_k A_ik q_k·p_i over neighbours, −mean Σ_k Σ_m r q_m·p_i over theirs, −mean q_i·p_i
    over the rows themselves, and −H(mean p), which is KL(mean p ‖ uniform) but for a constant.

    Parameters
    ----------
    p : float tensor (n, c)
        Probabilities of a batch.
    own : float tensor (n, c)
        What the bank says of the same rows.
    near, wide : float tensor (n, k, c), (n, k, m, c)
        What it says of their neighbours, and of the neighbours of those.
    affinity, wide_affinity : float tensor (n, k), (n, k, m)
        A, and r or 0.

    Returns
    -------
    float tensor ()
    """
    first = torch.einsum("nk,nkc,nc->n", affinity, near, p).mean()
    second = torch.einsum("nkm,nkmc,nc->n", wide_affinity, wide, p).mean()
    itself = (own * p).sum(1).mean()
    mean = p.mean(0)
    diversity = (mean * mean.clamp_min(1e-12).log()).sum()
    return diversity - first - second - itself


@TERMS.register("nrc")
class NRC(BankTerm):
    """A row answers as its neighbours do, most as those that have it among their own.

    A row that is a neighbour of its own neighbour does not count as its expanded neighbour.
    """

    summary = "answers agree with those of reciprocal neighbours among the target's rows"
    paper = "Yang et al., 2021, NeurIPS, Exploiting the Intrinsic Neighborhood Structure (NRC)"
    views = frozenset({"target"})

    @dataclass(frozen=True)
    class Config:
        """`n_neighbors`: K; `expanded`: M, how many of each neighbour's own are looked at."""

        n_neighbors: int = 3
        expanded: int = 3

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `neighbour_agreement`, after the batch has been taken into the bank."""
        assert step.target is not None
        target, bank = step.target, self.bank
        assert target.rows is not None
        bank.put(target)
        rows = target.rows
        queries = bank.scaled(target.features)
        found = nearest(bank.features, queries, rows, self.config.n_neighbors)
        flat = found.flatten()
        theirs = nearest(bank.features, bank.features[flat], flat, self.config.expanded)
        theirs = theirs.view(*found.shape, -1)
        back = theirs == rows[:, None, None]  # the row itself is among its neighbour's
        said = bank.probabilities
        return neighbour_agreement(
            torch.softmax(at_least_single(target.logits), dim=1),
            said[rows],
            said[found],
            torch.where(back.any(2), 1.0, DOUBT),
            said[theirs],
            torch.where(back, 0.0, DOUBT),
        )
