"""What regions of many images have in common, and how much answers rest on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional as F

from ..base.typed import JsonObject
from ..metrics.estimates import mean_interval
from ..metrics.intervals import Interval
from .game import Game
from .methods.grad_cam import last_map
from .records import Attribution
from .regions import colour, places

_MOST = 6
"""Concepts that are shown."""
_CLUSTERS = 8
_EACH = 4
"""Regions of a concept that are shown, each of another row."""
_FEWEST = 4
"""Rows from which on regions are grouped."""


@dataclass(frozen=True)
class Concept:
    """Regions that a model sees alike, over many images.

    Attributes
    ----------
    name : str
        Their usual colour and place.
    share : Interval
        Of what speaks for the answers, on average over rows.
    rows, regions : int
        In how many rows there are some, and how many there are.
    pictures : tuple of uint8 ndarray
        Those that speak most, cut out of their images.
    """

    name: str
    share: Interval
    rows: int
    regions: int
    pictures: tuple[np.ndarray, ...] = field(default=(), repr=False, compare=False)

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {
            "concept": self.name,
            "share": self.share.to_json(),
            "rows": self.rows,
            "regions": self.regions,
        }


@dataclass(frozen=True, eq=False)
class _Region:
    row: int
    features: np.ndarray
    share: float
    place: str
    colour: str
    picture: np.ndarray


class Concepts:
    """Regions of rows that are explained, to be grouped by what the last maps say of them.

    Ghorbani et al. (2019, NeurIPS) group segments by a layer's activations; here each has the share
    that its explanation gives it, so no direction is learned.
    """

    def __init__(self) -> None:
        self._regions: list[_Region] = []
        self._rows = 0

    def add(self, game: Game, own: Attribution) -> None:
        """Take the regions of one row; other rows than images have none."""
        picture = getattr(game.view, "picture", None)
        if not game.view.regions or picture is None:
            return
        labels, k = game.view.labels, game.n_units
        image = np.asarray(picture).reshape(*labels.shape, -1)[..., :3]
        speaks = np.maximum(own.scores, 0.0)
        shares = speaks / speaks.sum() if speaks.sum() > 0 else speaks
        means = np.stack(
            [
                np.bincount(labels.ravel(), each.ravel(), k) / np.bincount(labels.ravel())
                for each in np.moveaxis(image.astype(float), -1, 0)
            ],
            1,
        )
        features = region_features(game)
        # what all of an image's regions have in common tells images apart, not regions
        features = means / 255 if features is None else features - features.mean(0)
        where = places(labels)
        for i in range(k):
            cut = cut_out(image, labels == i) if shares[i] > 0 else image[:0]
            self._regions.append(
                _Region(self._rows, features[i], shares[i], where[i], colour(means[i]), cut)
            )
        self._rows += 1

    def grouped(self, seed: int = 0) -> list[Concept]:
        """Return groups of regions, those that speak most for answers first."""
        if self._rows < _FEWEST:
            return []
        from sklearn.cluster import KMeans

        x = np.stack([one.features for one in self._regions])
        x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
        clusters = min(_CLUSTERS, len(np.unique(x.round(6), axis=0)))
        of = KMeans(clusters, n_init=4, random_state=seed).fit_predict(x)
        found = [
            self._concept([one for one, c in zip(self._regions, of, strict=True) if c == own])
            for own in range(clusters)
        ]
        found = sorted(found, key=lambda one: -one.share.value)
        return [one for one in found[:_MOST] if one.share.value > 0]

    def _concept(self, regions: list[_Region]) -> Concept:
        shares = np.zeros(self._rows)
        np.add.at(shares, [one.row for one in regions], [one.share for one in regions])
        strongest: dict[int, _Region] = {}
        for one in sorted(regions, key=lambda one: -one.share):
            if one.share > 0 and len(strongest) < _EACH:
                strongest.setdefault(one.row, one)
        tones, spots = (
            Counter(getattr(one, name) for one in regions).most_common(1)[0][0]
            for name in ("colour", "place")
        )
        return Concept(
            f"mostly {tones}, {spots}",
            mean_interval(np.clip(shares, 0, 1)),
            len({one.row for one in regions}),
            len(regions),
            tuple(one.picture for one in strongest.values()),
        )


@torch.inference_mode()
def region_features(game: Game) -> np.ndarray | None:
    """Return what the last maps of a network say of each region, (regions, channels).

    None where it has no maps.
    """
    layer = last_map(game.network, game)
    if layer is None:
        return None
    kept: list[torch.Tensor] = []
    handle = layer.register_forward_hook(lambda module, given, out: kept.append(out))
    try:
        game.view.outputs(game.network, torch.ones((1, *game.view.labels.shape)))
    finally:
        handle.remove()
    maps = kept[0][0].float()
    there = F.one_hot(torch.from_numpy(game.view.labels).long(), game.n_units)
    size = (int(maps.shape[1]), int(maps.shape[2]))
    weights = F.adaptive_avg_pool2d(there.movedim(-1, 0)[None].float(), size)[0]
    flat = weights.flatten(1) / weights.flatten(1).sum(1, keepdim=True).clamp(min=1e-9)
    return np.asarray((flat @ maps.flatten(1).T).numpy(), float)


def cut_out(image: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return the part of a picture around a region, pale where it is not of the region.

    Examples
    --------
    >>> image = np.zeros((4, 4, 1), np.uint8)
    >>> there = np.zeros((4, 4), bool)
    >>> there[1, 1:3] = True
    >>> cut_out(image, there).tolist()
    [[0, 0]]
    """
    down, across = (np.flatnonzero(there.any(axis)) for axis in (1, 0))
    box = slice(down[0], down[-1] + 1), slice(across[0], across[-1] + 1)
    cut = image[box].astype(float)
    shown = np.where(there[box][..., None], cut, 200 + cut * (40 / 255)).astype(np.uint8)
    return shown[..., 0] if shown.shape[2] == 1 else shown
