"""Occlusion: what is lost where a unit is hidden; needs no gradient."""

from __future__ import annotations

import numpy as np

from ..base import BUDGET, EXPLAINERS, Explainer, budget_of
from ..game import Game
from ..records import Attribution


@EXPLAINERS.register("occlusion")
class Occlusion(Explainer):
    """Each unit is hidden alone; of more units than there are passes, stretches first.

    Then half of the passes go to stretches of neighbours, and the rest to the units of those
    stretches that count most. What a stretch changes is divided among its units.
    """

    summary = "what is lost where a region, word, band or column is hidden"
    paper = "Zeiler & Fergus, 2014, ECCV"

    def misfit(self, game: Game, budget: int = BUDGET) -> str:
        return "" if game.n_units > 1 else "there is nothing to compare: one unit"

    def most_passes(self, game: Game) -> float:
        each = 1 + game.n_units
        return each if game.view.cheap else min(BUDGET, each)

    def explain(self, game: Game, budget: int, seed: int) -> Attribution:
        k, most = game.n_units, budget_of(game, budget) - 1
        if k <= most:
            scores = game.whole - game.values(~np.eye(k, dtype=bool))
            return Attribution(scores, cost=float(k + 1))
        stretches = np.array_split(np.arange(k), max(2, most // 2))
        kept = np.ones((len(stretches), k), bool)
        for row, stretch in zip(kept, stretches, strict=True):
            row[stretch] = False
        lost = game.whole - game.values(kept)
        scores = np.zeros(k)
        for stretch, loss in zip(stretches, lost, strict=True):
            scores[stretch] = loss / len(stretch)
        left = most - len(stretches)
        for i in np.argsort(-np.abs(lost), kind="stable"):
            units = stretches[i]
            if len(units) > left:
                break
            if len(units) == 1:
                continue
            each = np.ones((len(units), k), bool)
            each[np.arange(len(units)), units] = False
            scores[units] = game.whole - game.values(each)
            left -= len(units)
        return Attribution(scores, cost=float(most + 1 - left))
