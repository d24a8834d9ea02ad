"""Maximum mean discrepancy of features and answers jointly."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .base import TERMS, StepBatch, Term
from .kernels import WIDTHS, kernel_sum, two_sample_weights
from .rows import together

ANSWER_WIDTH = 1.7
"""γ between probability rows, whose squared distance is at most 2.

Fixed: the median over answers that are nearly certain is about 0 or 2, and jumps between them.
"""


def joint_mmd(
    *,
    source: tuple[torch.Tensor, torch.Tensor],
    target: tuple[torch.Tensor, torch.Tensor],
    width: float | torch.Tensor | None = None,
    answer_width: float = ANSWER_WIDTH,
    exponents: tuple[int, ...] = WIDTHS,
) -> torch.Tensor:
    """Return MMD² under the product of a kernel on features and one on answers (JMMD).

    k((x, p), (y, q)) = Σ_k exp(−‖x − y‖² / (2^k γ)) · exp(−‖p − q‖² / γ_p), with p the softmax
    of the logits (Long et al., 2017, ICML). Gradients flow into both.

    Parameters
    ----------
    source, target : pairs of float tensors (n, d), (n, c)
        Features and logits of each domain; the numbers of rows may differ.
    width : float or float tensor (), optional
        γ, a squared distance of features; their median over all pairs without one.
    answer_width : float, default 1.7
        γ_p.
    exponents : tuple of int, default (-3, -2, -1, 0, 1)
        Of the kernels on features.

    Returns
    -------
    float tensor ()
        At least 0, to rounding.
    """
    rows = together(source[0], target[0])
    logits = together(source[1], target[1])
    weights = two_sample_weights(len(source[0]), len(target[0]), False, rows.dtype, rows.device)
    answers = torch.softmax(logits, dim=1)
    return kernel_sum([rows, answers], weights, [width, answer_width], [exponents, (0,)])


@TERMS.register("jan")
class JAN(Term):
    """Features and answers of both domains have like joint distributions."""

    summary = "features and answers of both domains have like joint distributions"
    paper = "Long et al., 2017, ICML, Deep Transfer Learning with Joint Adaptation Networks"
    views = frozenset({"source", "target"})

    @dataclass(frozen=True)
    class Config:
        """`exponents`: k of the features' widths; `answer_bandwidth`: γ between probabilities."""

        exponents: tuple[int, ...] = WIDTHS
        answer_bandwidth: float = ANSWER_WIDTH

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `joint_mmd` of the two batches."""
        assert step.source is not None
        assert step.target is not None
        return joint_mmd(
            source=(step.source.features, step.source.logits),
            target=(step.target.features, step.target.logits),
            answer_width=self.config.answer_bandwidth,
            exponents=self.config.exponents,
        )
