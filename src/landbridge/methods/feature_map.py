"""Feature mapping g(x) = W x + b: bring target features to where the source's head knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..base.errors import ConfigError, MethodError
from .base import METHODS, AffineHead, FeatureMethod, Features, Needs
from .coral import composed, labelled_source
from .probe import STRENGTHS, check_strengths, rescaled, ridge_head, standardisation

MAP_STRENGTHS = tuple(float(10.0**p) for p in np.arange(-1, 8.25, 0.5))
"""Up to where the correction is nothing, so that leave-one-out may choose not to correct."""


@dataclass(frozen=True)
class FeatureMapConfig:
    """Options of `FeatureMap`.

    Attributes
    ----------
    base : {"auto", "moments", "identity"}
        The map that labelled rows correct, and that is used without any: matching of two
        moments, or (of standardised features) no change. "auto": the identity where there are
        labelled target rows, else moments.
    regularisation : float
        Of the moments' covariances, relative to their mean variance.
    map_strengths : tuple of float
        Ridge strengths that the correction chooses from.
    strengths : tuple of float
        Ridge strengths that the source's probe chooses from.
    """

    base: Literal["auto", "moments", "identity"] = "auto"
    regularisation: float = 1.0
    map_strengths: tuple[float, ...] = MAP_STRENGTHS
    strengths: tuple[float, ...] = STRENGTHS

    def __post_init__(self) -> None:
        check_strengths(self.strengths)
        check_strengths(self.map_strengths)
        if self.base not in ("auto", "moments", "identity"):
            raise ConfigError(
                f"feature-map: base = {self.base!r}", do="use one of auto, moments, identity"
            )
        if not 0 <= self.regularisation < float("inf"):
            raise ConfigError(
                f"feature-map: regularisation = {self.regularisation}",
                do="give a number from 0 up",
            )


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

    The source's classes must cover the target's labelled ones: a class that the source never saw
    has no mean to go to (and no score in the head).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.tile([0, 1, 2], 60)
    >>> x = rng.normal(size=(180, 4)) + 4 * np.eye(3, 4)[labels]
    >>> moved = x @ np.array([[0, 2.0, 0, 0], [1, 0, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1]]) + 5
    >>> known = np.ones(180, dtype=bool)
    >>> head = FeatureMap().fit_head(
    ...     Features(x, labels, known), Features(moved, labels, np.arange(180) < 30), 3, seed=0
    ... )
    >>> bool(((moved @ head.weight.T + head.bias).argmax(1) == labels).mean() > 0.9)
    True
    """

    name: ClassVar[str] = "feature-map"
    summary: ClassVar[str] = "affine map of target features into the source's space, closed form"
    paper: ClassVar[str] = (
        "Knott & Smith, 1984; Flamary, Lounici & Ferrari, 2019, arXiv 1905.10155 (moments)"
    )
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="any", gradients=False, shared_classes=True
    )
    Config: ClassVar[type] = FeatureMapConfig
    config: FeatureMapConfig

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> AffineHead:
        """Return the source's head composed with the map; `seed` is not used.

        Raises
        ------
        MethodError
            Without labelled source rows; where a labelled target class is not in the source;
            where dimensions differ and no target row is labelled.
        """
        from ..solvers.alignment import AffineMap, matched_map, monge_map

        source = labelled_source(source, target, self.name)
        same = source.x.shape[1] == target.x.shape[1]
        if not same and not target.known.any():
            raise MethodError(
                f"feature-map: source features have {source.x.shape[1]} columns, target features "
                f"{target.x.shape[1]}, and no labelled target row says how they correspond",
                do="label some target rows, or use one backbone for both",
            )
        shift_s, scale_s = standardisation(source.x)
        # One row has no deviation of its own: it is seen with the source's.
        own = len(target.x) > 1 or not same
        shift_t, scale_t = standardisation(target.x) if own else (shift_s, scale_s)
        z_source = rescaled(source.x, shift_s, scale_s)
        z_target = rescaled(target.x, shift_t, scale_t)

        labels = source.labels[source.known]
        head = ridge_head(z_source[source.known], labels, n_classes, self.config.strengths)
        base: AffineMap | None = None
        kind: str = self.config.base
        if kind == "auto":
            kind = "identity" if target.known.any() else "moments"
        if not same:
            kind = "none"
        elif kind == "moments" and own:
            base = monge_map(z_target, z_source, self.config.regularisation)
        else:
            kind, d = "identity", source.x.shape[1]
            base = AffineMap(np.eye(d), np.zeros(d), np.zeros(d))
        head.notes["base"] = kind
        found = base
        if target.known.any():
            rows, classes = z_target[target.known], target.labels[target.known]
            goals = _class_means(z_source[source.known], labels, classes, n_classes)
            found, strength, error = matched_map(rows, goals, self.config.map_strengths, base=base)
            head.notes.update(map_strength=strength, map_loo_squared_error=error)
        assert found is not None  # dimensions differ only with labelled rows
        matrix = found.matrix / scale_t[:, None]
        return composed(head, matrix, found.offset - shift_t @ matrix)


def _class_means(
    x: np.ndarray, labels: np.ndarray, wanted: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return for each wanted label the mean of x over its class."""
    counts = np.bincount(labels, minlength=n_classes)
    missing = np.unique(wanted[counts[wanted] == 0])
    if len(missing):
        raise MethodError(
            f"feature-map: target class(es) {missing.tolist()} have no source rows to map to",
            do="use 'probe', which learns the target's classes from its own labels",
        )
    members = np.zeros((n_classes, len(x)), dtype=x.dtype)
    members[labels, np.arange(len(x))] = 1
    sums = members.astype(np.float64) @ x
    return sums[wanted] / counts[wanted, None]
