"""Integrated gradients: slopes on the way from the hidden row to the row."""

from __future__ import annotations

import numpy as np

from ..base import BUDGET, EXPLAINERS, Explainer, budget_of
from ..game import Game
from ..records import Attribution

_MOST = 50
"""Points from which on more change nothing."""


@EXPLAINERS.register("integrated-gradients")
class IntegratedGradients(Explainer):
    """The integral over slopes, by Gauss and Legendre's points, as captum's default."""

    summary = "slopes summed on the way from the hidden row to the row"
    paper = "Sundararajan, Taly & Yan, 2017, ICML"
    gradients = True
    sums = True

    def misfit(self, game: Game, budget: int = BUDGET) -> str:
        if not game.view.gradients:
            return "no slope by parts of such rows"
        return "" if game.has_slopes else "the model has no gradients"

    def explain(self, game: Game, budget: int, seed: int) -> Attribution:
        points = max(2, min(_MOST, budget_of(game, budget) // 2))
        at, weight = np.polynomial.legendre.leggauss(points)
        slopes = game.slopes((1 + at) / 2)
        detail = np.tensordot(weight / 2, slopes, 1)
        return Attribution(game.view.gathered(detail), detail, 2.0 * points)
