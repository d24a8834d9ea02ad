"""CORAL: give the source rows the target's second moments, then fit the probe on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..base.errors import ConfigError, MethodError
from .base import METHODS, AffineHead, FeatureMethod, Features, Needs
from .probe import (
    STRENGTHS,
    check_strengths,
    joint_head,
    known_x,
    rescaled,
    ridge_head,
    standardisation,
)


@dataclass(frozen=True)
class CoralConfig:
    """Options of `Coral`.

    Attributes
    ----------
    regularisation : float
        Added to the diagonal of both covariances, relative to their mean variance. Larger means
        nearer to aligning means and variances only. 1 is the paper's, on standardised rows.
    strengths : tuple of float
        Ridge strengths that the probe chooses from.
    """

    regularisation: float = 1.0
    strengths: tuple[float, ...] = STRENGTHS

    def __post_init__(self) -> None:
        check_strengths(self.strengths)
        if not 0 <= self.regularisation < float("inf"):
            raise ConfigError(
                f"coral: regularisation = {self.regularisation}", do="give a number from 0 up"
            )


@METHODS.register("coral")
class Coral(FeatureMethod):
    """CORAL (Sun, Feng & Saenko, 2016, AAAI, arXiv 1511.05547) and a ridge probe.

    Each domain is standardised by itself, as in the paper; source rows are whitened and given
    the target's covariance with symmetric roots (`solvers.alignment.coral_map`); the probe
    is fitted on them together with the labelled target rows, if any, which are weighted so that
    they count as much as the source does.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> turned = x @ np.diag([1.0, -2.0, 5.0]) + 10
    >>> known, none = np.ones(200, dtype=bool), np.zeros(200, dtype=bool)
    >>> head = Coral().fit_head(
    ...     Features(x, labels, known), Features(turned, labels, none), n_classes=2, seed=0
    ... )
    >>> head.weight.shape
    (2, 3)
    """

    name: ClassVar[str] = "coral"
    summary: ClassVar[str] = "source features aligned to the target's covariance, then the probe"
    paper: ClassVar[str] = "Sun, Feng & Saenko, 2016, AAAI, arXiv 1511.05547"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )
    Config: ClassVar[type] = CoralConfig
    config: CoralConfig

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> AffineHead:
        """Return the head for target features; `seed` is not used.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        from ..solvers.alignment import coral_map

        source = labelled_source(source, target, self.name)
        aligned = len(target.x) > 1
        if aligned:
            shift, scale = standardisation(target.x)
            source_z = rescaled(source.x, *standardisation(source.x))
            mapped = coral_map(
                source_z, rescaled(target.x, shift, scale), self.config.regularisation
            )
            rows = mapped(source_z if source.known.all() else source_z[source.known])
        else:
            # One row has no covariance: nothing to align with. The source's own scale is kept.
            shift, scale = standardisation(source.x)
            rows = rescaled(known_x(source), shift, scale)
        labels, strengths = source.labels[source.known], self.config.strengths
        if target.known.any():
            own = rescaled(known_x(target), shift, scale)
            own_labels = target.labels[target.known]
            head = joint_head(rows, own, labels, own_labels, n_classes, strengths)
        else:
            head = ridge_head(rows, labels, n_classes, strengths)
        head.notes["regularisation"] = self.config.regularisation
        head.notes["aligned"] = aligned
        return composed(head, 1 / scale, -shift / scale)


def composed(head: AffineHead, matrix: np.ndarray, offset: np.ndarray) -> AffineHead:
    """Return the head of x where `head` is one of x @ matrix + offset.

    Parameters
    ----------
    head : AffineHead
        weight (k, d).
    matrix : ndarray, shape (d_in, d), or (d,) for a diagonal one
    offset : ndarray, shape (d,)
    """
    wide = head.weight.astype(np.float64)
    weight = wide * matrix if matrix.ndim == 1 else wide @ matrix.T
    bias = head.bias.astype(np.float64) + wide @ offset
    return AffineHead(weight.astype(np.float32), bias.astype(np.float32), head.notes)


def labelled_source(source: Features | None, target: Features, method: str) -> Features:
    """Return `source`, or say what is missing."""
    if source is None or not source.known.any():
        raise MethodError(
            f"{method} needs labelled source rows", do="give a labelled source, or use 'probe'"
        )
    if not len(target.x):
        raise MethodError(f"{method} needs target rows", do="give a target with inputs")
    if method != "feature-map" and source.x.shape[1] != target.x.shape[1]:
        raise MethodError(
            f"{method}: source features have {source.x.shape[1]} columns, "
            f"target features {target.x.shape[1]}",
            do="use one backbone for both, or 'feature-map' with labelled target rows",
        )
    return source
