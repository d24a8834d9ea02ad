"""k-means: groups around centres."""

from __future__ import annotations

import numpy as np

from ..base.seeds import derive
from .base import CLUSTERINGS, STARTS, Clustering, Groups


def centres_of(x: np.ndarray, k: int, seed: int, starts: int = STARTS) -> np.ndarray:
    """Return k-means centres (k, d), the best of several k-means++ starts."""
    from sklearn.cluster import KMeans

    state = derive("k-means", seed) % 2**32
    return np.asarray(KMeans(k, n_init=starts, random_state=state).fit(x).cluster_centers_)


@CLUSTERINGS.register("k-means")
class KMeansGroups(Clustering):
    """Each row goes to the nearest of k centres.

    Its scores are those of a mixture of equal round Gaussians, so that shares say how near a row is
    to the border.
    """

    summary = "nearest of k centres"
    paper = "Arthur & Vassilvitskii, 2007, SODA, k-means++"

    def fit(self, x: np.ndarray, k: int, seed: int, starts: int = STARTS) -> Groups:
        """Return groups around the centres."""
        centres = centres_of(x, k, seed, starts)
        spread = max(float(_nearest(x, centres).mean()) / x.shape[1], 1e-12)
        return Groups(centres / spread, -0.5 * np.square(centres).sum(1) / spread)


def _nearest(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return each row's squared distance to its nearest centre, without (n, k, d) numbers."""
    found = np.square(x).sum(1)[:, None] - 2 * x @ centres.T + np.square(centres).sum(1)
    return np.maximum(found.min(1), 0.0)
