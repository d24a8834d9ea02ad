"""Shapley values by sampled orders, each followed forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np

from ..base import BUDGET, EXPLAINERS, Explainer, budget_of
from ..game import Game
from ..records import Attribution


@EXPLAINERS.register("shapley")
class Shapley(Explainer):
    """The mean of what a unit adds where units come in random orders; exact for few units.

    Orders come in pairs, one the other's reverse: what two units do together is then shared
    without error (Mitchell et al., 2022, JMLR).
    """

    summary = "what a unit adds, on average over orders in which units come"
    paper = "Castro, Gómez & Tejada, 2009, Computers & Operations Research"
    sums = True

    def misfit(self, game: Game, budget: int = BUDGET) -> str:
        if game.n_units < 2:
            return "there is nothing to compare: one unit"
        least, most = 2 * game.n_units, budget_of(game, budget)
        return "" if least <= most else f"{game.n_units} units take {least} passes, {most} at most"

    def explain(self, game: Game, budget: int, seed: int) -> Attribution:
        k, most = game.n_units, budget_of(game, budget)
        if 2**k <= most:
            return Attribution(exact(game), cost=float(2**k))
        rng = np.random.default_rng(seed)
        orders: list[np.ndarray] = []
        while not orders or (len(orders) + 2) * (k - 1) + 2 <= most:
            order = rng.permutation(k)
            orders += [order, order[::-1]]
        steps = np.tril(np.ones((k, k), bool))
        kept = np.zeros((len(orders), k + 1, k), bool)
        for own, order in zip(kept, orders, strict=True):
            own[1:, order] = steps
        values = game.values(kept.reshape(-1, k)).reshape(len(orders), k + 1)
        scores = np.zeros(k)
        for order, gain in zip(orders, np.diff(values, axis=1), strict=True):
            scores[order] += gain
        return Attribution(scores / len(orders), cost=float(len(orders) * (k - 1) + 2))


def exact(game: Game) -> np.ndarray:
    """Return the Shapley value of each unit from all sets of units, (units,)."""
    return exact_over(game.values, game.n_units)


def exact_over(values_of: Callable[[np.ndarray], np.ndarray], k: int) -> np.ndarray:
    """Return the Shapley values of k players, (k,).

    Parameters
    ----------
    values_of : callable
        What sets of players, bool (m, k), are worth.
    k : int

    Examples
    --------
    >>> exact_over(lambda kept: kept @ [1.0, 2.0] + kept.all(1), 2).tolist()
    [1.5, 2.5]
    """
    sets = (np.arange(2**k)[:, None] >> np.arange(k) & 1).astype(bool)
    values, sizes = values_of(sets), sets.sum(1)
    scores = np.zeros(k)
    for player in range(k):
        without = np.flatnonzero(~sets[:, player])
        weight = np.array([1 / (k * comb(k - 1, size)) for size in sizes[without]])
        scores[player] = weight @ (values[without + 2**player] - values[without])
    return scores
