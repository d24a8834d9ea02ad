"""A mixture of Gaussians of one shape: groups may be long, if all are long the same way."""

from __future__ import annotations

import warnings

import numpy as np

from ..base.seeds import derive
from .base import CLUSTERINGS, STARTS, Clustering, Groups
from .kmeans import centres_of

RIDGE = 1e-3
"""Of the mean variance, on the diagonal of the shared covariance."""


@CLUSTERINGS.register("gaussian-mixture")
class GaussianMixtureGroups(Clustering):
    """Gaussians that share one covariance, from k-means centres.

    k-means takes all directions for equally noisy; features of a network vary most along
    directions that say nothing of the groups (light, background, speaker). The shared covariance is
    learned, and borders stay straight: Fisher's discriminant of groups that nobody labelled. It
    ends near the k-means groups that it starts from: what those cut right across stays cut.
    """

    summary = "Gaussians of one learned shape, from k-means; straight borders"
    paper = "Dempster, Laird & Rubin, 1977, J. R. Stat. Soc. B 39; McLachlan & Peel, 2000"

    def fit(self, x: np.ndarray, k: int, seed: int, starts: int = STARTS) -> Groups:
        """Return the mixture's log posteriors, up to what all groups have in common."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        mixture = GaussianMixture(
            k,
            covariance_type="tied",
            means_init=centres_of(x, k, seed, starts),
            reg_covar=RIDGE * float(x.var(0).mean()) + 1e-12,
            max_iter=200,
            random_state=derive("mixture", seed) % 2**32,
        )
        with warnings.catch_warnings():
            # 200 rounds of EM are near enough to the end: what is left moves no border visibly.
            warnings.simplefilter("ignore", ConvergenceWarning)
            mixture.fit(x)
        means, precision = mixture.means_, mixture.precisions_
        weights = means @ precision
        with np.errstate(divide="ignore"):
            prior = np.log(mixture.weights_)
        return Groups(weights, prior - 0.5 * (weights * means).sum(1))
