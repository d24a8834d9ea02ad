"""When a gradient attack is not to be believed (Athalye, Carlini & Wagner, 2018, ICML).

A model can hide its gradients without being robust: attacks that follow them then find nothing, and
a search without gradients does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..base.formatting import percent
from .base import ATTACKS, Attacked
from .records import GradientCheck

_MISSED = 0.05
"""Share of the right answers that a search without gradients may find wrong alone."""
_LEAST = 2
"""Rows from which on a share says something."""
_FALL = 0.05
"""By how much robust accuracy may rise with the size, by chance."""


def gradient_check(
    model: str,
    right: np.ndarray,
    at: Mapping[str, Attacked],
    curves: Mapping[str, Sequence[Attacked]],
) -> GradientCheck | None:
    """Return what speaks against the gradient attacks on a model; None where there were none.

    Parameters
    ----------
    model : str
    right : bool ndarray, shape (n,)
        Which rows are answered rightly without any change: others were not attacked.
    at : mapping of Attacked
        Each attack at the size that figures are about.
    curves : mapping of sequence of Attacked
        Attacks at ascending sizes.
    """
    kinds = {name: ATTACKS.get(name).search_kind for name in at}
    white = [at[name].withstood for name, kind in kinds.items() if kind == "gradient"]
    if not white or not right.any():
        return None
    held = right & np.logical_and.reduce(white)
    n, reasons = int(right.sum()), []
    compared = False
    for kind, who in (("black-box", "a search by scores alone"), ("random", "chance alone")):
        for name in (name for name, own in kinds.items() if own == kind):
            compared = True
            alone = int((held & ~at[name].withstood).sum())
            if alone >= _LEAST and alone > _MISSED * n:
                reasons.append(
                    f"{who} ({name}) made {percent(alone / n, 0)} of the right answers wrong that "
                    "no gradient attack did"
                )
    for name, found in curves.items():
        if ATTACKS.get(name).search_kind != "gradient" or len(found) < 2:
            continue
        kept = [float((right & one.withstood).sum()) / n for one in found]
        rises = max(later - min(kept[: i + 1]) for i, later in enumerate(kept[1:]))
        if rises > _FALL and rises * n >= _LEAST:
            reasons.append(f"{name} finds less where it may change more ({percent(rises, 0)})")
        losses = [float(one.loss[right].mean()) for one in found]
        if np.isfinite(losses).all() and losses[-1] <= losses[0]:
            reasons.append(f"the loss that {name} reaches does not rise with the size")
    reliable = None if not compared and not reasons else not reasons
    return GradientCheck(model, reliable, tuple(reasons))
