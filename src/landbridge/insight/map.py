"""Feature maps: the same examples before and after a transfer, laid out so that the eye can follow.

The layout is t-SNE (van der Maaten & Hinton, 2008, JMLR 9) on the first 50 principal components;
"after" starts from the layout of "before" and is then turned onto it (orthogonal Procrustes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from landbridge.base.seeds import derive, numpy_rng

MAX_POINTS = 1500
"""t-SNE of more points takes longer than a report may; beyond it the layout is a plain PCA."""
_FEWEST_FOR_TSNE = 20
_COMPONENTS = 50
_PERPLEXITY = 30.0
_ITERATIONS = 400


class Layout(TypedDict):
    """Points in a plane, and what is known of each."""

    title: str
    x: list[float]
    y: list[float]
    domain: list[str]
    label: list[str | None]
    row: list[int]
    predicted: list[str | None]


class FeatureMap(TypedDict):
    """The content of a map.json."""

    before: Layout
    after: Layout


@dataclass(frozen=True)
class MapSide:
    """The rows of one domain that may appear on the map.

    Parameters
    ----------
    before, after : array (n, d0), (n, d1)
        Features of the same rows, in the same order.
    rows : sequence of int, optional
        Row numbers as read; 0..n-1 where left out.
    labels : sequence of str or None, optional
        Labels that may be shown. Sealed labels are passed only once the verdict opened them.
    predicted_before, predicted_after : sequence of str or None, optional
        What the reference and the chosen method answer.
    """

    before: np.ndarray
    after: np.ndarray
    rows: Sequence[int] | None = None
    labels: Sequence[str | None] | None = None
    predicted_before: Sequence[str | None] | None = None
    predicted_after: Sequence[str | None] | None = None

    def __post_init__(self) -> None:
        n = len(self.before)
        for name in ("after", "rows", "labels", "predicted_before", "predicted_after"):
            values = getattr(self, name)
            if values is not None and len(values) != n:
                raise ValueError(f"{name} has {len(values)} entries, before has {n}")


def feature_map_points(
    before: np.ndarray, after: np.ndarray, seed: int, max_points: int = MAX_POINTS
) -> tuple[np.ndarray, np.ndarray]:
    """Lay out the same n examples twice, (n, 2) each; the same seed gives the same layout.

    With more than `max_points` the layout is a plain PCA.
    """
    if len(before) != len(after):
        raise ValueError(f"before has {len(before)} rows, after has {len(after)}")
    first = _layout(_reduce(before, seed), None, seed, max_points)
    second = _layout(_reduce(after, seed), first, seed, max_points)
    return first, _turn_onto(second, first)


def points(features: np.ndarray, seed: int, max_points: int = MAX_POINTS) -> np.ndarray:
    """Lay out n examples once, (n, 2); see `feature_map_points`."""
    return _layout(_reduce(features, seed), None, seed, max_points)


def build_map(
    source: MapSide | None,
    target: MapSide,
    *,
    seed: int,
    max_points: int = 800,
    titles: tuple[str, str] = ("Before the transfer", "After the transfer"),
) -> FeatureMap:
    """Return the content of a map.json: both layouts of an even draw from source and target.

    At most `max_points` in all, half of them from each side where both have enough; `seed` decides
    the draw and the layout. Without a source the backbone is the only one.
    """
    sides = [("target", target)] if source is None else [("source", source), ("target", target)]
    sizes = _shares([len(side.before) for _, side in sides], max_points)
    picks = [
        _draw(len(side.before), size, name, seed)
        for (name, side), size in zip(sides, sizes, strict=True)
    ]
    stacked = [
        np.concatenate(
            [
                np.asarray(getattr(side, when))[pick]
                for (_, side), pick in zip(sides, picks, strict=True)
            ]
        )
        for when in ("before", "after")
    ]
    layouts = feature_map_points(stacked[0], stacked[1], seed, max(max_points, 1))
    domain = [name for (name, _), pick in zip(sides, picks, strict=True) for _ in pick]
    labels = _gather(sides, picks, "labels")
    numbers = [
        int(row if side.rows is None else side.rows[row])
        for (_, side), pick in zip(sides, picks, strict=True)
        for row in pick
    ]
    before, after = (
        Layout(
            title=title,
            x=[round(float(v), 3) for v in layout[:, 0]],
            y=[round(float(v), 3) for v in layout[:, 1]],
            domain=domain,
            label=labels,
            row=numbers,
            predicted=_gather(sides, picks, f"predicted_{when}"),
        )
        for when, title, layout in zip(("before", "after"), titles, layouts, strict=True)
    )
    return {"before": before, "after": after}


def _gather(
    sides: list[tuple[str, MapSide]], picks: list[np.ndarray], field: str
) -> list[str | None]:
    gathered: list[str | None] = []
    for (_, side), pick in zip(sides, picks, strict=True):
        values = getattr(side, field)
        for index in pick:
            value = None if values is None else values[index]
            gathered.append(None if value is None else str(value))
    return gathered


def _shares(sizes: list[int], most: int) -> list[int]:
    """Divide `most` evenly; what one side cannot fill goes to the other."""
    if len(sizes) == 1:
        return [min(sizes[0], most)]
    half = most // 2
    first = min(sizes[0], max(half, most - sizes[1]))
    return [first, min(sizes[1], most - first)]


def _draw(n: int, size: int, name: str, seed: int) -> np.ndarray:
    if size >= n:
        return np.arange(n)
    return np.sort(numpy_rng(seed, "map", name).choice(n, size, replace=False))


def _reduce(features: np.ndarray, seed: int) -> np.ndarray:
    """Finite, centred, at most 50 principal components, overall scale 1."""
    from sklearn.decomposition import PCA

    array = np.nan_to_num(
        np.asarray(features, dtype=np.float32).reshape(len(features), -1), posinf=0.0, neginf=0.0
    )
    array = array - array.mean(0) if len(array) else array
    components = min(_COMPONENTS, *array.shape) if len(array) > 1 and array.any() else 0
    if array.shape[1] > _COMPONENTS and components > 0:
        pca = PCA(components, svd_solver="randomized", random_state=derive(seed, "pca") % 2**32)
        array = pca.fit_transform(array)
    elif components > 0:
        array = PCA(components, svd_solver="full").fit_transform(array)
    scale = float(array.std()) if array.size else 0.0
    return array / scale if scale > 0 else array


def _plain(reduced: np.ndarray) -> np.ndarray:
    flat = np.zeros((len(reduced), 2))
    width = min(2, reduced.shape[1])
    flat[:, :width] = reduced[:, :width]
    return flat


def _layout(
    reduced: np.ndarray, start: np.ndarray | None, seed: int, max_points: int
) -> np.ndarray:
    n = len(reduced)
    if n < _FEWEST_FOR_TSNE or n > max_points or not reduced.any():
        return _plain(reduced)
    from sklearn.manifold import TSNE

    begin = _plain(reduced) if start is None or not start.any() else start
    begin = begin / max(float(begin[:, 0].std()), 1e-12) * 1e-2
    tsne = TSNE(
        init=begin.astype(np.float32),
        perplexity=min(_PERPLEXITY, (n - 1) / 3),
        learning_rate="auto",
        max_iter=_ITERATIONS,
        angle=0.7,
        random_state=derive(seed, "tsne") % 2**32,
        n_jobs=1,
    )
    return np.asarray(tsne.fit_transform(reduced.astype(np.float32)), dtype=float)


def _turn_onto(moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Rotate or mirror `moving` onto `fixed`, keeping all its distances."""
    if len(moving) < 2:
        return moving
    centre = moving.mean(0)
    u, _, vt = np.linalg.svd((moving - centre).T @ (fixed - fixed.mean(0)))
    return (moving - centre) @ (u @ vt) + centre
