"""Running statistics of a stream, class by class, mixed with those of the source."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .norms import StreamNorm


class StreamStatistics:
    """Moments of a stream at each batch normalisation, and their mixture with the source's.

    The plain form is Schneider et al. (2020, NeurIPS 33, equation 1): with n rows seen and the
    source worth N rows,

        μ = (N·μ_s + n·μ_t) / (N + n),        σ² = (N·σ_s² + n·σ_t²) / (N + n).

    A stream that is ordered by class makes μ_t that of one class. With `balanced` each class
    has statistics of its own, from the rows weighted by the probability of that class, and
    weighs at most 1/K of the whole: aₖ = (1/K)·nₖ / (nₖ + N/K). Then n/(N+n) becomes Σ aₖ, and
    μ_t, σ_t² are those of the classes mixed by aₖ. Where all classes are as frequent this is
    the plain form; where only one comes, the source keeps at least 1 - 1/K.

    Parameters
    ----------
    norms : sequence of StreamNorm
    n_classes : int
        K.
    prior : float
        N, in rows.
    half_life : float
        After so many rows an old row counts half: a stream changes.
    balanced : bool
    """

    def __init__(
        self,
        norms: Sequence[StreamNorm],
        n_classes: int,
        *,
        prior: float,
        half_life: float,
        balanced: bool,
    ) -> None:
        self.norms = list(norms)
        self.prior, self.half_life, self.balanced = prior, half_life, balanced
        self.groups = n_classes if balanced else 1
        self.reset()

    def reset(self) -> None:
        """Forget the stream: the source's statistics hold again."""
        device = self.norms[0].mean.device if self.norms else None
        self.counts = torch.zeros(self.groups, dtype=torch.float64, device=device)
        self.sums = [
            torch.zeros(2, self.groups, len(norm.mean), dtype=torch.float64, device=device)
            for norm in self.norms
        ]
        for norm in self.norms:
            norm.restore()

    @torch.no_grad()
    def update(self, probabilities: torch.Tensor) -> None:
        """Take in the rows that the norms have just seen.

        Parameters
        ----------
        probabilities : Tensor (n, K)
            The answers to these rows.
        """
        shares = (
            probabilities.double()
            if self.balanced
            else probabilities.new_ones((len(probabilities), 1), dtype=torch.float64)
        )
        kept = 0.5 ** (len(shares) / self.half_life)
        self.counts = kept * self.counts + shares.sum(0)
        for norm, sums in zip(self.norms, self.sums, strict=True):
            assert norm.seen is not None
            for total, moment in zip(sums, norm.seen, strict=True):
                total.mul_(kept).add_(shares.T @ moment.double())
        self._mix()

    def _mix(self) -> None:
        counts = self.counts
        weights = counts / (counts + self.prior / self.groups) / self.groups
        share = weights.sum()
        for norm, sums in zip(self.norms, self.sums, strict=True):
            means, squares = sums / counts.clamp_min(1e-12)[:, None]
            mean = (weights @ means) / share
            var = ((weights @ squares) / share - mean.square()).clamp_min(0)
            norm.mean.copy_((1 - share) * norm.source_mean + share * mean)
            norm.var.copy_((1 - share) * norm.source_var + share * var)

    def state(self) -> dict[str, torch.Tensor]:
        """Return copies of all tensors that the future depends on."""
        tensors = {"counts": self.counts.clone()}
        for i, (norm, sums) in enumerate(zip(self.norms, self.sums, strict=True)):
            tensors |= {f"{i}.sums": sums.clone(), f"{i}.mean": norm.mean.clone()}
            tensors[f"{i}.var"] = norm.var.clone()
        return tensors

    @torch.no_grad()
    def load(self, tensors: dict[str, torch.Tensor]) -> None:
        """Undo `state`."""
        self.counts = tensors["counts"].clone()
        for i, (norm, sums) in enumerate(zip(self.norms, self.sums, strict=True)):
            sums.copy_(tensors[f"{i}.sums"])
            norm.mean.copy_(tensors[f"{i}.mean"])
            norm.var.copy_(tensors[f"{i}.var"])
