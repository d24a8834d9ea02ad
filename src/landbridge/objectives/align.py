"""What belongs together in two modalities is to be near: contrastive alignment."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from .base import EVERY, TERMS, PhaseContext, StepBatch, Term, at_least_single

_SHARPEST = math.log(100.0)


def alignment(
    first: torch.Tensor,
    second: torch.Tensor,
    scale: torch.Tensor | float,
    same: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the symmetric cross-entropy of pairs against all others (Radford et al., 2021, CLIP).

    Parameters
    ----------
    first, second : float tensor (n, d)
        Rows of length one, in pairs.
    scale : float
        What cosines are multiplied with: one over the temperature.
    same : bool tensor (n, n), optional
        Which second belongs to which first as well (the same word twice in a batch): they share
        the target instead of being told apart (Yang et al., 2022, CVPR, UniCL). The pairs alone
        where not given.

    Returns
    -------
    float tensor ()
    """
    logits = scale * (first @ second.T)
    if same is None:
        own = torch.arange(len(first), device=first.device)
        return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
    belongs = same.to(logits.dtype)
    there = F.cross_entropy(logits, belongs / belongs.sum(1, keepdim=True))
    back = F.cross_entropy(logits.T, belongs.T / belongs.sum(0)[:, None])
    return (there + back) / 2


@TERMS.register("align")
class Align(Term):
    """Each pair of modalities of `towers` finds its own among the rows of a batch.

    The temperature is learned, and kept above 1/100. Rows that lack either part are left out.
    """

    summary = "modalities of one row near each other, of other rows far"
    paper = "Radford et al., 2021, ICML, CLIP"
    views = frozenset({"target"})
    through_features = True
    target_types = EVERY

    @dataclass(frozen=True)
    class Config:
        """Options of `Align`.

        Attributes
        ----------
        parts : int
            How many modalities the features hold, one after another.
        temperature : float
            To begin with.
        repeated : bool
            Whether the target's labels say which content each row has of each part, int (n,
            parts): rows with the same content are not told apart.
        """

        parts: int = 2
        temperature: float = 0.07
        repeated: bool = False

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        self.sharpness = nn.Parameter(torch.tensor(-math.log(self.config.temperature)))
        self.contents: torch.Tensor | None = None

    def prepare(self, setting: PhaseContext) -> None:
        """Note which content each row has."""
        if self.config.repeated and setting.labels is not None:
            self.contents = setting.labels("target")

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return the mean of `alignment` over all pairs of modalities."""
        assert step.target is not None
        parts = at_least_single(step.target.features).chunk(self.config.parts, dim=1)
        scale = self.sharpness.clamp(max=_SHARPEST).exp()
        there = [(part != 0).any(1) for part in parts]
        losses = []
        for a, b in itertools.combinations(range(len(parts)), 2):
            both = there[a] & there[b]
            if int(both.sum()) < 2:
                continue
            same = None
            if self.contents is not None and step.target.rows is not None:
                own = self.contents.to(step.target.rows.device)[step.target.rows[both]]
                same = (own[:, None, [a, b]] == own[None, :, [a, b]]).any(-1)
            losses.append(alignment(parts[a][both], parts[b][both], scale, same))
        if not losses:  # no row has two parts: nothing to learn from, in this batch
            return 0 * (scale + parts[0].sum())
        return torch.stack(losses).mean()
