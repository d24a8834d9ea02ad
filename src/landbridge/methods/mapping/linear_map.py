"""Linear map: bring source features into the target's space, whatever its dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...base.errors import MethodError
from ...base.fields import setting
from ...base.typed import Notes
from ...inference.layers import Affine, apply
from ..core.base import METHODS, Features, Head, Requirements
from ..core.feature import ScaledMethod, labelled_source
from ..core.scaling import scaled
from ..heads.base import fit_joint

if TYPE_CHECKING:
    from ...solvers.mapping.affine import AffineMap

MAP_ALPHAS = tuple(float(10.0**p) for p in np.arange(-1, 8.25, 0.5))
"""Up to where the correction is nothing, so that leave-one-out may choose not to correct."""


@METHODS.register("linear-map")
class LinearMap(ScaledMethod):
    """g(x) = x W + b from the source's space into the target's, and a head on both there.

    What tells W: labelled target rows (each source row should go to the target's mean of its
    class), or without any the moments or a matching that is found together with the map. The
    dimensions may differ.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import LinearMap
    >>> rng = np.random.default_rng(0)
    >>> labels = np.tile([0, 1, 2], 60)
    >>> x = rng.normal(size=(180, 4)) + 4 * np.eye(3, 4)[labels]
    >>> other = x @ rng.normal(size=(4, 6)) + 5
    >>> few = np.arange(180) < 30
    >>> LinearMap().fit(x, labels, other, labels, labelled_t=few).score(other, labels) > 0.8
    True
    """

    family = "mapping"
    summary = "source features mapped linearly into the target's space, any width"
    paper = "Schönemann, 1966; Izenman, 1975; Delon, Desolneux & Salmona, 2022, J. Appl. Probab. 59"
    needs = Requirements(source="labelled", target="any", gradients=False, shared_classes=True)

    kind: Literal["ridge", "orthogonal", "low-rank"] = setting(
        "ridge",
        "Ridge regression towards the moments' map with its strength by exact leave-one-out; "
        'Procrustes; reduced-rank regression. Of a matching: a rigid motion for "orthogonal", '
        "else an affine map.",
    )
    by: Literal["auto", "classes", "moments", "matching"] = setting(
        "auto",
        '"auto": classes where the target has labels of the source\'s classes, else moments.',
    )
    rank: int = setting(20, 'Of "low-rank".', ge=1)
    reg: float = setting(
        1.0,
        "Of the moments' covariances, relative to their mean variance.",
        ge=0,
    )
    head: Any = setting("ridge", "What is fitted on mapped source rows and labelled target rows.")
    scaling: Literal["own", "none"] = setting(
        "own",
        "Whether each side is standardised by itself before. A rigid motion is one only without.",
    )
    random_state: int = setting(0, "Of the rows that a matching is found on.")

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the head of target features.

        Raises
        ------
        MethodError
            Without labelled source rows or target rows; by "classes" without a labelled target
            row of a class of the source.
        """
        source = labelled_source(source, target, self.name, same_width=False)
        same = source.x.shape[1] == target.x.shape[1]
        both = scaled(source.x, target.x, self.scaling if same or len(target) > 1 else "none")
        source, target = source.with_x(both.source), target.with_x(both.target)
        shared = np.intersect1d(
            source.labels[source.labeled_mask], target.labels[target.labeled_mask]
        )
        by = self.by if self.by != "auto" else ("classes" if len(shared) else "moments")
        notes: Notes = {"by": by}
        if by == "classes" and not len(shared):
            raise MethodError(
                "linear-map: by = 'classes', and no labelled target row has a class of the source",
                hint="label some target rows, or use by = 'moments'",
            )
        if by == "classes":
            found = self._by_classes(source, target, shared, notes)
        elif by == "matching" and len(target) > 1:
            found = self._by_matching(source, target, seed, notes)
        else:
            found = self._by_moments(source, target)
        step = Affine(found.matrix, found.offset)
        rows = apply((step,), source.x)
        head = fit_joint(self.head, rows, source, target.x, target, n_classes, seed=seed)
        head.notes.update(notes)
        self.map_ = found
        return head.after(both.target_steps)

    def _by_moments(self, source: Features, target: Features) -> AffineMap:
        from ...solvers.mapping.affine import AffineMap
        from ...solvers.mapping.alignment import monge_map
        from ...solvers.mapping.unpaired_map import axes_map

        if source.x.shape[1] == target.x.shape[1]:
            return monge_map(source.x, target.x, self.reg)
        if len(target) > 1:
            return axes_map(source.x, target.x)
        zero = np.zeros((source.x.shape[1], target.x.shape[1]))
        return AffineMap(zero, np.zeros(len(zero)), target.x[0].astype(np.float64))

    def _by_matching(
        self, source: Features, target: Features, seed: int, notes: Notes
    ) -> AffineMap:
        from ...solvers.mapping.unpaired_map import matching_map

        kind: Literal["orthogonal", "ridge"] = "orthogonal"
        found = matching_map(
            source.x, target.x, kind=kind if self.kind == kind else "ridge", seed=seed
        )
        notes.update(criterion=float(found.criterion[-1]), steps=len(found.criterion))
        return found.map

    def _by_classes(
        self, source: Features, target: Features, shared: np.ndarray, notes: Notes
    ) -> AffineMap:
        from ...solvers.mapping.linear_map import low_rank_map, matched_map, orthogonal_map
        from ...solvers.nearest.easytl import class_means

        taking = source.labeled_mask & np.isin(source.labels, shared)
        rows, labels = source.x[taking], source.labels[taking]
        own = target.only(target.labeled_mask)
        goals = class_means(own.x, own.labels, int(max(labels.max(), own.labels.max())) + 1)[labels]
        if self.kind == "orthogonal":
            return orthogonal_map(rows, goals)
        if self.kind == "low-rank":
            return low_rank_map(rows, goals, self.rank, ridge=float(len(rows)))
        base = self._by_moments(source, target)
        found, strength, error = matched_map(rows, goals, MAP_ALPHAS, base=base)
        notes.update(map_strength=strength, map_loo_squared_error=error)
        return found
