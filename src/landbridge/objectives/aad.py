"""Attracting and dispersing: neighbours answer alike, the others differently."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .banks import BankTerm, nearest
from .base import TERMS, StepBatch, at_least_single


def attract_and_disperse(
    p: torch.Tensor, near: torch.Tensor, rows: torch.Tensor, dispersion: float
) -> torch.Tensor:
    """Return mean over i of −Σ_j p_i·q_j + λ Σ_m p_i·p_m (Yang et al., 2022, NeurIPS).

    Parameters
    ----------
    p : float tensor (n, c)
        Probabilities of a batch.
    near : float tensor (n, k, c)
        q, those of each row's neighbours; no gradient flows into them.
    rows : int64 tensor (n,)
        Which row each one is: m runs over the rows of the batch that are other ones than i.
    dispersion : float
        λ.

    Returns
    -------
    float tensor ()
    """
    attraction = torch.einsum("nc,nkc->n", p, near.detach())
    others = (rows[:, None] != rows[None, :]).to(p)
    dispersal = ((p @ p.T) * others).sum(1)
    return (dispersion * dispersal - attraction).mean()


@TERMS.register("aad")
class AaD(BankTerm):
    """A row answers as its nearest neighbours among all target rows, unlike the batch's others.

    The dispersion decays as (1 + 10 · progress)^−decay: at the start most of a batch are of
    another class, whatever the network says; later it is known better who is.
    """

    summary = "neighbours among the target's rows answer alike, others differently"
    paper = "Yang et al., 2022, NeurIPS, Attracting and Dispersing"
    views = frozenset({"target"})

    @dataclass(frozen=True)
    class Config:
        """`n_neighbors`: how many; `decay`: of the dispersion (β), 0 for none."""

        n_neighbors: int = 3
        decay: float = 5.0

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `attract_and_disperse`, after the batch has been taken into the bank."""
        assert step.target is not None
        target = step.target
        assert target.rows is not None
        self.bank.put(target)
        queries = self.bank.scaled(target.features)
        found = nearest(self.bank.features, queries, target.rows, self.config.n_neighbors)
        return attract_and_disperse(
            torch.softmax(at_least_single(target.logits), dim=1),
            self.bank.probabilities[found],
            target.rows,
            (1 + 10 * step.progress) ** -self.config.decay,
        )
