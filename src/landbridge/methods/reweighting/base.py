"""Methods that weight source rows: what they share."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from ...base.errors import ConfigError
from ..core.alignment import labelled_source
from ..core.base import EVERY, Features, Head, Needs
from ..core.feature import FeatureMethod
from ..core.scaling import Scaling, scaled
from ..heads.base import check_head, fit_joint

FEW = 0.1
"""A smaller share of effective rows is worth a warning."""


class Reweighting(FeatureMethod):
    """Base: a subclass writes `source_weights`; its parameters are at least those below.

    Weights by which few rows carry the answer are flattened: raised to the largest power up to 1
    at which `least_effective` of the labelled source rows are effective (Shimodaira, 2000, J.
    Stat. Plan. Inference 90). 0 keeps the plain weights of the paper.

    Attributes
    ----------
    weights_ : ndarray, shape (source rows,)
        After `fit`: mean 1, in the order of the source rows.
    """

    family: ClassVar[str] = "reweighting"
    needs: ClassVar[Needs] = Needs(
        source="labelled",
        target="unlabelled",
        gradients=False,
        shared_classes=True,
        answers=EVERY,
    )
    head: Any
    scaling: Scaling
    least_effective: float

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
        """Raise ConfigError for an unknown head, or a share outside 0 to 1."""
        check_head(self.head, self.name)
        self._in_range("least_effective", 0, 1)

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
        plain, notes = self.source_weights(
            source.with_x(both.source), target.with_x(both.target), n_classes, seed
        )
        weights, notes = self._usable(plain, source.known, n_classes, notes)
        head = fit_joint(
            self.head, source.x, source, target.x, target, n_classes, weights=weights, seed=seed
        )
        self.weights_ = weights
        head.notes.update(notes)
        return head

    def _usable(
        self, plain: np.ndarray, known: np.ndarray, n_classes: int, notes: dict[str, Any]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return weights with enough effective rows among the known ones, and notes on them."""
        from ...solvers.density_ratio.base import effective_sample_size, flattened

        weights, rows = plain, int(known.sum())
        if not plain[known].any():  # all the weight is on rows without labels
            weights, size, power = np.ones_like(plain), 0.0, 0.0
        else:
            size = effective_sample_size(plain[known])
            some, power = flattened(plain[known], self.least_effective)
            if power < 1:
                weights = np.ones_like(plain)
                weights[known] = some
        usable = effective_sample_size(weights[known])
        notes = {
            **notes,
            "rows": rows,
            "plain_effective_rows": round(size, 1),
            "effective_rows": round(usable, 1),
            "flattened_to_power": round(power, 4),
        }
        if size < max(FEW * rows, min(2 * n_classes, rows)):
            flat = f", flattened to {usable:,.0f}" if power < 1 else ": few rows carry the answer"
            few = (
                f"{self.name}: {rows:,} weighted source rows are worth {size:,.0f} "
                f"(effective sample size){flat}"
            )
            notes["warning"] = f"{notes['warning']}; {few}" if "warning" in notes else few
        return weights, notes


def check_tuple(method: FeatureMethod, name: str) -> None:
    """Raise ConfigError where a parameter does not hold positive, finite numbers."""
    values = getattr(method, name)
    if not len(values) or not all(0 < v < float("inf") for v in values):
        raise ConfigError(
            f"{method.name}: {name} = {values}", do="give one or more positive numbers"
        )
