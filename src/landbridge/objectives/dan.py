"""Maximum mean discrepancy with several kernels."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..base.errors import ConfigError
from .base import EVERY, TERMS, StepBatch, Term
from .kernels import WIDTHS, kernel_sum, two_sample_weights
from .rows import together


def mk_mmd(
    *,
    source: torch.Tensor,
    target: torch.Tensor,
    width: float | torch.Tensor | None = None,
    exponents: tuple[int, ...] = WIDTHS,
    unbiased: bool = False,
) -> torch.Tensor:
    """Return MMD² between two batches under a sum of Gaussian kernels (Long et al., 2015).

    k(x, y) = Σ_k exp(−‖x − y‖² / (2^k γ)), and MMD² = mean k(s, s') + mean k(t, t') −
    2 mean k(s, t).

    Parameters
    ----------
    source, target : float tensors (n_s, d), (n_t, d)
        n_s and n_t may differ.
    width : float or float tensor (), optional
        γ, a squared distance; the median over all pairs of both batches without one. No
        gradient flows through it.
    exponents : tuple of int, default (-3, -2, -1, 0, 1)
        The k.
    unbiased : bool, default False
        Leave a row's pair with itself out of the means. The expectation is then exact, and
        the value may be under 0.

    Returns
    -------
    float tensor ()
        At least 0 (to rounding) where not `unbiased`.

    Raises
    ------
    ConfigError
        Where `unbiased` is asked of a single row.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([[0.0], [1.0], [5.0]])
    >>> abs(float(mk_mmd(source=x, target=x))) < 1e-6
    True
    """
    n_source, n_target = len(source), len(target)
    if unbiased and min(n_source, n_target) < 2:
        raise ConfigError(
            f"dan: batches of {n_source} and {n_target} rows, and an unbiased MMD needs two rows",
            hint="raise training.batch_size, or leave unbiased out",
        )
    rows = together(source, target)
    weights = two_sample_weights(n_source, n_target, unbiased, rows.dtype, rows.device)
    return kernel_sum([rows], weights, [width], [exponents])


@TERMS.register("dan")
class DAN(Term):
    """Source and target features have like distributions, as seen by several kernels."""

    summary = "features of both domains have like distributions under several kernels"
    paper = "Long et al., 2015, ICML, Learning Transferable Features with Deep Adaptation Networks"
    views = frozenset({"source", "target"})
    through_features = True
    target_types = EVERY

    @dataclass(frozen=True)
    class Config:
        """`exponents`: k of the widths 2^k times the median; `unbiased`: leave out self-pairs."""

        exponents: tuple[int, ...] = WIDTHS
        unbiased: bool = False

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `mk_mmd` of the two batches' features."""
        assert step.source is not None
        assert step.target is not None
        return mk_mmd(
            source=step.source.features,
            target=step.target.features,
            exponents=self.config.exponents,
            unbiased=self.config.unbiased,
        )
