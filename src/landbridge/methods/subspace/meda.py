"""MEDA: a kernel classifier on the geodesic flow's features that joins both domains."""

from __future__ import annotations

import numpy as np

from ...base.errors import ConfigError
from ...base.fields import setting
from ...base.seeds import numpy_rng
from ...base.typed import Notes
from ...inference.layers import Affine, HeadLayer, RBFKernel, UnitRows, apply
from ...solvers.calibration.score_calibration import fit_temperature
from ..core.base import METHODS, UNSUPERVISED, Features, Head
from ..core.feature import ScaledMethod
from .directions import directions_from

_GAMMA = 0.5  # of rows of length 1: the paper's code


@METHODS.register("meda")
class MEDA(ScaledMethod):
    """Manifold embedded distribution alignment (Wang et al., 2018, ACM Multimedia).

    Features of the geodesic flow kernel, rows of length 1, and on them a kernel classifier that
    fits the labels, brings sides and classes together (their balance μ is estimated), and is
    smooth on the graph of nearest neighbours. Its labels for the target and the classifier take
    turns. Known target labels are fitted and kept. New rows are answered by the same kernels.

    Attributes
    ----------
    pseudo_labels_ : ndarray of int, shape (nt,)
        Class index of each target row (that it was fitted on) at the end.
    n_iter_ : int
        How often it took turns.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import MEDA
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> MEDA(n_components=2).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    family = "subspace"
    summary = "kernel classifier on the manifold that joins sides and classes"
    paper = "Wang, Feng, Chen, Yu, Huang & Yu, 2018, ACM Multimedia"
    needs = UNSUPERVISED

    n_components: int = setting(
        20,
        "Dimension of the subspaces that the geodesic flow joins.",
        ge=1,
        tried=(10, 20, 50, 100),
    )
    distribution: float = setting(
        10.0,
        "λ, the weight of the distance of the sides' and classes' distributions.",
        ge=0,
        tried=(0.1, 1.0, 3.0, 10.0),
    )
    smoothness: float = setting(1.0, "ρ, the weight of the graph.", ge=0)
    alpha: float = setting(0.1, "η, the weight of the classifier's norm.", gt=0)
    n_neighbors: int = setting(10, "Of each row in the graph.", ge=1)
    max_iter: int = setting(
        10,
        "How often target labels are answered and the classifier is fitted again, at most.",
        ge=1,
    )
    balance: float = setting(
        -1.0, "μ from 0 (sides only) to 1 (classes only); −1 estimates it.", ge=-1, le=1
    )
    max_rows: int = setting(
        2000,
        "Rows of a side that it is fitted on, drawn where there are more: operations grow "
        "with the third power, memory with the second.",
        ge=1,
    )
    random_state: int = setting(0, "Of the rows drawn.")

    def check(self) -> None:
        """Raise ConfigError where a number is out of range."""
        super().check()
        if self.balance != -1 and self.balance < 0:
            raise ConfigError(
                f"meda: balance = {self.balance}", hint="give a number from 0 to 1, or -1"
            )

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return kernels to the rows of the fit and their coefficients.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, where dimensions differ, or where
            the source's rows are all the same.
        """
        from ...solvers.subspace.gfk import geodesic_flow
        from ...solvers.subspace.meda import fit_meda

        source, target, both = self.both_sides(source, target)
        aligned, xt = directions_from(source, target, self.name)
        flow = geodesic_flow(source.x, xt, self.n_components, centre=False)
        embed: tuple[HeadLayer, ...] = (Affine(flow.factor, np.zeros(flow.factor.shape[1])),)

        taking = self._drawn(np.flatnonzero(source.labeled_mask), seed, "source")
        own = self._drawn_target(target, seed)
        rows_s, rows_t = apply(embed, source.x[taking]), apply(embed, target.x[own])
        zs, zt = apply((UnitRows(),), rows_s), apply((UnitRows(),), rows_t)
        labels, labeled = source.labels[taking], target.labeled_mask[own]
        start = np.where(labeled, target.labels[own], labels[_nearest(zt, zs)])
        found = fit_meda(
            zs,
            labels,
            zt,
            n_classes,
            start=start,
            labeled_mask=labeled,
            gamma=_GAMMA,
            alignment=self.distribution,
            smoothness=self.smoothness,
            alpha=self.alpha,
            n_neighbors=self.n_neighbors,
            max_iter=self.max_iter,
            mu=None if self.balance == -1 else self.balance,
            separation_rows=(rows_s, rows_t),
        )
        self.pseudo_labels_, self.n_iter_ = found.labels, len(found.mu)
        anchors = np.concatenate([zs, zt])
        steps: tuple[HeadLayer, ...] = (*embed, UnitRows(), RBFKernel(anchors, np.asarray(_GAMMA)))
        # The fit is to 0 and 1; doubled it is like a ridge's to −1 and 1.
        plain = Affine(2 * found.coefficients, np.zeros(n_classes))
        scores = apply((*steps[2:], plain), zs.astype(np.float64))
        temperature = fit_temperature(scores, labels)
        last = Affine(plain.matrix / temperature, plain.offset)
        counts = np.bincount(labels, minlength=n_classes)
        notes: Notes = {
            "components": len(flow.angles),
            "aligned": aligned,
            "balance": found.mu[-1],
            "iterations": len(found.mu),
            "changed": list(found.changed),
            "rows": [len(zs), len(zt)],
            "temperature": temperature,
            "missing_classes": np.flatnonzero(counts == 0).tolist(),
        }
        return Head((*both.target_steps, *steps, last), notes)

    def _drawn(self, rows: np.ndarray, seed: int, side: str) -> np.ndarray:
        if len(rows) <= self.max_rows:
            return rows
        return np.sort(numpy_rng(seed, f"meda/{side}").choice(rows, self.max_rows, replace=False))

    def _drawn_target(self, target: Features, seed: int) -> np.ndarray:
        """Return known rows first, then others."""
        labeled, others = np.flatnonzero(target.labeled_mask), np.flatnonzero(~target.labeled_mask)
        labeled = self._drawn(labeled, seed, "known")
        room = max(self.max_rows - len(labeled), 0)
        if len(others) > room:
            others = numpy_rng(seed, "meda/target").choice(others, room, replace=False)
        return np.sort(np.concatenate([labeled, others]))


def _nearest(rows: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Return for each row of length 1 the nearest anchor."""
    step = max(1, 4_000_000 // len(anchors))
    parts = [
        (rows[first : first + step] @ anchors.T).argmax(1) for first in range(0, len(rows), step)
    ]
    return np.concatenate(parts)
