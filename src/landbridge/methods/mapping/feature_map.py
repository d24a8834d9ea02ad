"""Feature mapping g(x) = W x + b: bring target features to where the source's head knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...base.errors import MethodError
from ...base.fields import setting
from ...inference.layers import Affine
from ..core.base import METHODS, Features, Head, Requirements
from ..core.feature import FeatureMethod, labelled_source
from ..core.scaling import rescaled, standard_step, standardisation
from ..heads.base import fit_head

if TYPE_CHECKING:
    from ...solvers.mapping.alignment import AffineMap

MAP_ALPHAS = tuple(float(10.0**p) for p in np.arange(-1, 8.25, 0.5))
"""Up to where the correction is nothing, so that leave-one-out may choose not to correct."""


@METHODS.register("feature-map")
class FeatureMap(FeatureMethod):
    """Map target features into the source's space, and use the head learned there.

    The head is h(z) = A z + a, the ridge probe on standardised source features. Both domains are
    standardised by themselves, and g(x) = W x + b is found in closed form:

    - base map W₀: without labelled target rows the linear Monge map from the target's to the
      source's moments (`solvers.alignment.monge_map`), else the identity; where dimensions
      differ, 0;
    - with labelled target rows, W = W₀ + Δ with
      min over Δ, c of  Σᵢ ‖W₀xᵢ + Δxᵢ + c − m(yᵢ)‖² + α‖Δ‖²,  m(y) the source's class mean
      and α by exact leave-one-out error (`solvers.alignment.matched_map`). A few rows give a
      correction of low norm; where it does not lower the leave-one-out error, α is large and Δ
      is about 0.

    The answer h(g(x)) is affine again: one head on target features.

    Notes
    -----
    The source's classes must cover the target's labelled ones: a class that the source never saw
    has no mean to go to (and no score in the head).

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import FeatureMap
    >>> rng = np.random.default_rng(0)
    >>> labels = np.tile([0, 1, 2], 60)
    >>> x = rng.normal(size=(180, 4)) + 4 * np.eye(3, 4)[labels]
    >>> moved = x @ np.array([[0, 2.0, 0, 0], [1, 0, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1]]) + 5
    >>> few = np.arange(180) < 30
    >>> FeatureMap().fit(x, labels, moved, labels, labelled_t=few).score(moved, labels) > 0.9
    True
    """

    family = "mapping"
    summary = "affine map of target features into the source's space, closed form"
    paper = "Knott & Smith, 1984; Flamary, Lounici & Ferrari, 2019, arXiv 1905.10155 (moments)"
    needs = Requirements(
        source="labelled",
        target="any",
        gradients=False,
        shared_classes=True,
        assumes_no_label_shift=True,
    )

    base: Literal["auto", "moments", "identity"] = setting(
        "auto",
        "The map that labelled rows correct, and that is used without any: matching of two "
        'moments, or (of standardised features) no change. "auto": the identity where there '
        "are labelled target rows, else moments.",
    )
    reg: float = setting(
        1.0,
        "Of the moments' covariances, relative to their mean variance.",
        ge=0,
    )
    map_alphas: tuple[float, ...] = setting(
        MAP_ALPHAS,
        "Ridge strengths that the correction chooses from.",
        gt=0,
    )
    head: Any = setting("ridge", "What is fitted on the source.")

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the source's head composed with the map; `seed` is not used.

        Raises
        ------
        MethodError
            Without labelled source rows; where a labelled target class is not in the source;
            where dimensions differ and no target row is labelled.
        """
        from ...solvers.mapping.alignment import AffineMap, matched_map, monge_map

        source = labelled_source(source, target, self.name, same_width=False)
        same = source.x.shape[1] == target.x.shape[1]
        if not same and not target.labeled_mask.any():
            raise MethodError(
                f"feature-map: source features have {source.x.shape[1]} columns, target features "
                f"{target.x.shape[1]}, and no labelled target row says how they correspond",
                hint="label some target rows, or use one backbone for both",
            )
        shift_s, scale_s = standardisation(source.x)
        # One row has no deviation of its own: it is seen with the source's.
        own = len(target.x) > 1 or not same
        shift_t, scale_t = standardisation(target.x) if own else (shift_s, scale_s)
        z_source = rescaled(source.x, shift_s, scale_s)
        z_target = rescaled(target.x, shift_t, scale_t)

        labels = source.labels[source.labeled_mask]
        rows = z_source[source.labeled_mask]
        head = fit_head(self.head, rows, labels, n_classes, seed=seed, bounded=target.bounded)
        base: AffineMap | None = None
        kind: str = self.base
        if kind == "auto":
            kind = "identity" if target.labeled_mask.any() else "moments"
        if not same:
            kind = "none"
        elif kind == "moments" and own:
            base = monge_map(z_target, z_source, self.reg)
        else:
            kind, d = "identity", source.x.shape[1]
            base = AffineMap(np.eye(d), np.zeros(d), np.zeros(d))
        head.notes["base"] = kind
        found = base
        if target.labeled_mask.any():
            rows, classes = z_target[target.labeled_mask], target.labels[target.labeled_mask]
            goals = _class_means(z_source[source.labeled_mask], labels, classes, n_classes)
            found, strength, error = matched_map(rows, goals, self.map_alphas, base=base)
            head.notes.update(map_strength=strength, map_loo_squared_error=error)
        assert found is not None  # dimensions differ only with labelled rows
        return head.after([standard_step(shift_t, scale_t), Affine(found.matrix, found.offset)])


def _class_means(
    x: np.ndarray, labels: np.ndarray, wanted: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return for each wanted label the mean of x over its class."""
    counts = np.bincount(labels, minlength=n_classes)
    missing = np.unique(wanted[counts[wanted] == 0])
    if len(missing):
        raise MethodError(
            f"feature-map: target class(es) {missing.tolist()} have no source rows to map to",
            hint="use 'probe', which learns the target's classes from its own labels",
        )
    members = np.zeros((n_classes, len(x)), dtype=x.dtype)
    members[labels, np.arange(len(x))] = 1
    sums = members.astype(np.float64) @ x
    return sums[wanted] / counts[wanted, None]
