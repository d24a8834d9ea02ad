"""Discriminant EM: classes as Gaussians that follow the target's rows."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ...inference.layers import Affine
from ...solvers.calibration.softmax import softmax
from ..core.base import METHODS, UNSUPERVISED, Features, Head
from ..core.feature import ScaledMethod
from ..core.scaling import Scaling
from ..heads.base import fit_joint


@METHODS.register("discriminant-em")
class DiscriminantEM(ScaledMethod):
    """Linear discriminant analysis that goes on to learn from rows without labels, by EM.

    It starts with a ridge head's answers for the target. Then classes are Gaussians with one
    covariance, and in turns rows are given to classes by their probabilities and means,
    covariance and the target's class shares are found anew; the source's rows hold them back a
    little. Means follow the target, so a shift of each class's place is followed; shares follow
    too, so it goes on where class shares differ. It goes wrong where classes are no clusters.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import DiscriminantEM
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> model = DiscriminantEM().fit(x, labels, x[60:] + [1, 0, 0])
    >>> model.score(x[60:] + [1, 0, 0], labels[60:]) > 0.95
    True
    """

    family = "pseudo"
    summary = "class Gaussians of one covariance that follow the target's rows and shares, by EM"
    paper = "Nigam, McCallum, Thrun & Mitchell, 2000, Machine Learning 39; Friedman, 1989, JASA"
    needs = UNSUPERVISED

    scaling: Scaling = "none"
    components: int = setting(
        100, "Principal components of both sides, at most: a covariance needs rows.", ge=1
    )
    source_weight: float = setting(
        0.3,
        "What the source's rows count together, against the target's rows.",
        gt=0,
        tried=(0.1, 0.3, 1.0),
    )
    shrinkage: float = setting(
        0.3,
        "Of the mean variance, added to the covariance's diagonal.",
        gt=0,
        tried=(0.1, 0.3, 0.6),
    )
    share_prior: float = setting(
        0.5, "What the source's class shares count beside those that are found.", ge=0
    )
    rounds: int = setting(15, "Of EM.", ge=1, le=10_000)

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the discriminant after the last round.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        from ...solvers.linear.discriminant_em import discriminant_em

        source, target, steps = self.bounded_sides(source, target)
        own, labeled = target.labeled_mask, source.labeled_mask
        xs, ys = source.x[labeled], source.labels[labeled]
        middle, basis = self._basis(xs, target.x)
        rows, free = (xs - middle) @ basis, (target.x - middle) @ basis
        reduced = source.only(labeled).with_x(rows)
        start = fit_joint("ridge", rows, reduced, free, target.with_x(free), n_classes, seed=seed)
        labels = np.concatenate([ys, target.labels[own]])
        found = discriminant_em(
            np.concatenate([rows, free[own]]),
            labels,
            free,
            softmax(start.logits(free).astype(np.float64)),
            labelled_weight=self.source_weight,
            shrinkage=self.shrinkage,
            share_prior=self.share_prior,
            rounds=self.rounds,
        )
        weight = found.weight @ basis.T
        notes = {
            "components": basis.shape[1],
            "target_priors": found.shares.round(4).tolist(),
            "moved_in_the_last_round": round(found.moved, 5),
        }
        return Head((*steps, Affine(weight.T, found.bias - weight @ middle)), notes)

    def _basis(self, xs: np.ndarray, xt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the leading directions (d, components) of both sides' rows."""
        rows = np.concatenate([xs, xt]).astype(np.float64)
        middle = rows.mean(0)
        rows -= middle
        n, d = rows.shape
        most = min(self.components, d, n - 1, max(2, len(xs) // 2))
        if n < d:
            values, vectors = np.linalg.eigh(rows @ rows.T)
            vectors, values = vectors[:, ::-1][:, :most], values[::-1][:most]
            basis = rows.T @ vectors / np.sqrt(np.maximum(values, 1e-12))
        else:
            basis = np.linalg.eigh(rows.T @ rows)[1][:, ::-1][:, :most]
        return middle, basis
