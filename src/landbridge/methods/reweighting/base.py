"""Methods that weight source rows: what they share."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from ..alignment import labelled_source
from ..base import Features, Head, Needs
from ..feature import FeatureMethod
from ..heads.base import check_head, fit_joint
from ..scaling import Scaling, scaled

FEW = 0.1
"""A smaller share of effective rows is worth a warning."""


class Reweighting(FeatureMethod):
    """Base: a subclass writes `source_weights`, and has `head` and `scaling` as parameters.

    Attributes
    ----------
    weights_ : ndarray, shape (source rows,)
        After `fit`: mean 1, in the order of the source rows.
    """

    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )
    head: Any
    scaling: Scaling

    @abstractmethod
    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return weights (ns,), mean 1, none negative, and notes.

        Parameters
        ----------
        source, target : Features
            Scaled rows.
        """

    def check(self) -> None:
        """Raise ConfigError for an unknown head."""
        check_head(self.head, self.name)

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Weight the source rows and fit the head on them (and labelled target rows).

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        source = labelled_source(source, target, self.name)
        both = scaled(source.x, target.x, self.scaling)
        weights, notes = self.source_weights(
            source.with_x(both.source), target.with_x(both.target), n_classes, seed
        )
        head = fit_joint(
            self.head, source.x, source, target.x, target, n_classes, weights=weights, seed=seed
        )
        self.weights_ = weights
        known = weights[source.known]
        size = float(known.sum() ** 2 / np.square(known).sum()) if known.any() else 0.0
        head.notes.update(notes, effective_rows=round(size, 1), rows=len(known))
        if size < max(FEW * len(known), 2 * n_classes):
            head.notes["warning"] = (
                f"{self.name}: {len(known):,} weighted source rows are worth {size:,.0f} "
                "(effective sample size): few rows carry the answer"
            )
        return head
