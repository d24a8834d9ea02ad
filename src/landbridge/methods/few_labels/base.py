"""What the methods for a few target labels share."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...inference.layers import Affine, HeadLayer
from ...targets.base import TargetType
from ..core.base import Features, Head, Needs
from ..core.feature import ScaledMethod


@dataclass(frozen=True)
class LabelledRows:
    """The labelled rows of both sides, scaled.

    Attributes
    ----------
    xs, ys : ndarray, shapes (n, d) and (n,)
    xt, yt : ndarray, shapes (m, d) and (m,)
    unlabelled : ndarray
        The other target rows.
    steps : tuple of HeadLayer
        What scaled the target.
    kind : TargetType
        The kind of label.
    """

    xs: np.ndarray
    ys: np.ndarray
    xt: np.ndarray
    yt: np.ndarray
    unlabelled: np.ndarray
    steps: tuple[HeadLayer, ...]
    kind: TargetType

    @property
    def x(self) -> np.ndarray:
        """Rows of both sides, source rows first."""
        return np.concatenate([self.xs, self.xt.astype(self.xs.dtype, copy=False)])

    @property
    def y(self) -> np.ndarray:
        """Labels of both sides."""
        return np.concatenate([self.ys, self.yt])


class FewLabels(ScaledMethod):
    """Base: a subclass writes `fit_rows`, for where there is a target label at least."""

    family: ClassVar[str] = "few_labels"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="labelled", gradients=False, shared_classes=True
    )

    @abstractmethod
    def fit_rows(self, rows: LabelledRows, n_classes: int, seed: int) -> Head:
        """Return the head for target features as they were before scaling."""

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Fit on the labelled rows of both sides; without a target label on the source's alone.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        source, target, both = self.both_sides(source, target)
        rows = LabelledRows(
            source.x[source.known],
            source.labels[source.known],
            target.x[target.known],
            target.labels[target.known],
            target.x[~target.known],
            both.target_steps,
            target.target_type,
        )
        fit = self.fit_rows if len(rows.xt) else self.source_alone
        return fit(rows, n_classes, seed)

    def source_alone(self, rows: LabelledRows, n_classes: int, seed: int) -> Head:
        """Return the source's own ridge classifier: all that can be done without a label."""
        from ..heads.ridge import ridge_head

        head = ridge_head(rows.xs, rows.ys, n_classes, kind=rows.kind)
        head.notes["target_labels"] = 0
        head.notes["fitted_on"] = "source"
        return Head(head.steps, head.notes).after(rows.steps)


def classifier(
    weight: np.ndarray,
    bias: np.ndarray,
    left_out: np.ndarray,
    labels: np.ndarray,
    rows: LabelledRows,
    notes: dict[str, Any],
    n_classes: int,
) -> Head:
    """Return the head of ±1 scores; temperature by target rows left out, where there are some.

    Parameters
    ----------
    weight, bias : ndarray, shapes (classes, d) and (classes,)
        Of scaled rows.
    left_out : ndarray, shape (m, classes)
        Scores of target rows by fits without them.
    labels : ndarray, shape (m,) or (m, k)
    """
    weight, bias, own = rows.kind.calibrate(weight, bias, left_out, labels, n_classes)
    every = np.ones(len(labels), bool)
    own |= rows.kind.fit_notes(left_out, labels, every, n_classes)
    own.pop("missing_classes", None)
    found = notes | own | {"target_labels": len(rows.xt)}
    return Head([Affine(weight.T, bias)], found).after(rows.steps)
