"""Whether an explanation says what the model does: each is held against the model itself."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
import torch

from ..backbones.surgery import Network
from ..base.seeds import numpy_rng
from ..metrics.estimates import mean_interval
from ..metrics.intervals import Interval
from .base import Explainer
from .game import Game
from .records import TINY, Attribution, MethodCheck, RowCheck
from .views.base import RowView

_SHARES = (0.1, 0.3, 0.6)
"""Of the units that are hidden, or shown alone."""
_PAIRS = {False: 1, True: 8}
"""Pairs of random orders that an order is held against, by whether a pass is cheap."""
_FEW = 4
"""Units up to which every order is taken, once each."""


def check_row(game: Game, scores: np.ndarray, seed: int) -> RowCheck:
    """Hide and show units in the order of their scores, and in random orders.

    It takes 18 forward passes, of which the 12 for random orders are the same for each method.
    """
    k = game.n_units
    counts = sorted({max(1, round(share * k)) for share in _SHARES} - {k})
    if k < 2 or not counts:
        return RowCheck(0.0, 1.0)
    orders = [np.argsort(-scores, kind="stable"), *random_orders(k, game.view.cheap, seed)]
    kept = np.ones((len(orders), 2, len(counts), k), bool)
    for own, order in zip(kept, orders, strict=True):
        for place, count in enumerate(counts):
            own[0, place, order[:count]] = False
            own[1, place, order[count:]] = False
    values = game.values(kept.reshape(-1, k)).reshape(kept.shape[:-1])
    whole = game.whole
    spread = max(float(values.max()), whole) - min(float(values.min()), whole)
    if not spread > TINY * max(1.0, abs(whole)):
        return RowCheck(0.0, 1.0)
    hidden, shown = (values[:, side].mean(1) for side in (0, 1))
    gain = ((hidden[1:].mean() - hidden[0]) + (shown[0] - shown[1:].mean())) / (2 * spread)
    lost = whole - values.ravel()
    said = (~kept.reshape(-1, k)) @ scores
    return RowCheck(float(gain), infidelity(said, lost))


def random_orders(k: int, cheap: bool, seed: int) -> list[np.ndarray]:
    """Return orders of k units that stand for chance: all of few units, pairs of more.

    One of a pair is the other's reverse, so that chance never is the order that it is held
    against: of three units and two random orders it often would be.

    Examples
    --------
    >>> [order.tolist() for order in random_orders(2, False, 0)]
    [[0, 1], [1, 0]]
    """
    if k <= _FEW:
        return [np.array(order) for order in permutations(range(k))]
    rng = numpy_rng(seed, "orders")
    found = [rng.permutation(k) for _ in range(_PAIRS[cheap])]
    return [order for one in found for order in (one, one[::-1])]


def infidelity(said: np.ndarray, lost: np.ndarray) -> float:
    """Return the share of squared losses that sums of scores do not say, at their best scale.

    Yeh et al. (2019, NeurIPS), with the scale that is best for the scores, so that it is 0 where
    they are right up to a factor, and 1 where they say nothing or the opposite.

    Examples
    --------
    >>> infidelity(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    0.0
    """
    length, total = float(said @ said), float(lost @ lost)
    if not length > 0 or not total > 0:
        return 1.0
    scale = max(0.0, float(said @ lost) / length)
    return float(np.clip(((scale * said - lost) ** 2).sum() / total, 0, 1))


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's correlation, 0 where one of the two says nothing.

    Examples
    --------
    >>> rank_correlation(np.array([1.0, 2.0, 9.0]), np.array([0.1, 0.2, 0.3]))
    1.0
    """
    from scipy.stats import rankdata

    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return round(float(np.corrcoef(rankdata(a), rankdata(b))[0, 1]), 12)


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Return the rank correlation of the sizes of scores, of units that have any.

    A unit that is the same hidden and shown has none, whatever the model: it would be last in both
    orders. 0 where fewer than three have one.
    """
    sizes = np.abs(a), np.abs(b)
    some = np.any([size > 1e-6 * max(size.max(), 1e-300) for size in sizes], axis=0)
    return rank_correlation(sizes[0][some], sizes[1][some]) if some.sum() > 2 else 0.0


@torch.no_grad()
def shuffled(network: Network, seed: int) -> Network:
    """Return a copy in which the numbers of each tensor are in random order.

    Layers keep their scale and lose what they learned, whatever they are made of; what steps of a
    head are bounded by, in order, stays.
    """
    found = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in found.state_dict(keep_vars=True).items():
        if tensor.is_floating_point() and tensor.numel() > 1 and "clip" not in name:
            order = torch.randperm(tensor.numel(), generator=generator)
            tensor.data = tensor.detach().flatten()[order].reshape(tensor.shape)
    return found.eval()


def check_method(
    method: Explainer,
    games: Sequence[Game],
    random: Network,
    budget: int,
    seed: int,
) -> MethodCheck:
    """Explain some rows and hold that against the model, a nudged row, and shuffled weights.

    Parameters
    ----------
    method : Explainer
    games : sequence of Game
        One a row, at least one.
    random : Network
        What `shuffled` gave.
    budget, seed : int
    """
    found, stable, alike = [], [], []
    for game in games:
        own = method.explain(game, budget, seed)
        found.append((own, check_row(game, own.scores, seed)))
        rng = numpy_rng(seed, "nudge")
        if (nudged := game.view.nudged(rng)) is not None:
            again = _elsewhere(method, game.network, nudged, game, budget, seed)
            stable.append(rank_correlation(own.scores, again))
        other = _elsewhere(method, random, game.view, game, budget, seed)
        alike.append(likeness(own.scores, other))
    stability = float(np.mean(stable)) if stable else None
    return method_check(method.name, found, stability, float(np.mean(alike)))


def method_check(
    name: str,
    found: Sequence[tuple[Attribution, RowCheck]],
    stability: float | None,
    randomised: float,
) -> MethodCheck:
    """Return what checks of rows give together."""
    gains = np.array([check.gain for _, check in found])
    return MethodCheck(
        name,
        float(np.mean([own.cost for own, _ in found])),
        _within_one(mean_interval(gains, share=False, scale=0.0)),
        float(np.mean([check.infidelity for _, check in found])),
        stability,
        randomised,
        len(found),
    )


def _within_one(gain: Interval) -> Interval:
    """Return an interval of gains, which no row has beyond 1."""
    return replace(gain, low=max(-1.0, gain.low), high=min(1.0, gain.high))


def _elsewhere(
    method: Explainer, network: Network, view: RowView, game: Game, budget: int, seed: int
) -> np.ndarray:
    """Return scores by the same method of another network, or of another view of the row."""
    other = Game(network, view, game.weights.numpy())
    if method.misfit(other, budget):
        return np.zeros(view.n_units)
    return method.explain(other, budget, seed).scores
