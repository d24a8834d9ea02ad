"""What the methods for a few target labels share."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from ...base.typed import Notes
from ...inference.clip import within
from ...inference.layers import Affine, HeadLayer, apply
from ..core.base import Features, Head, Requirements
from ..core.feature import ScaledMethod


class FewLabels(ScaledMethod):
    """Base: a subclass writes `fit_rows`, for where there is a target label at least."""

    family: ClassVar[str] = "few_labels"
    needs: ClassVar[Requirements] = Requirements(
        source="labelled", target="labelled", gradients=False, shared_classes=True
    )

    @abstractmethod
    def fit_rows(self, source: Features, target: Features, n_classes: int, seed: int) -> Head:
        """Return the head of scaled target features.

        Parameters
        ----------
        source : Features
            Scaled labelled rows.
        target : Features
            All scaled rows, some of them labelled.
        """

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
        fit = self.fit_rows if target.labeled_mask.any() else self.source_alone
        labelled = source.only(source.labeled_mask)
        steps: tuple[HeadLayer, ...] = ()
        if target.bounded:
            steps = within(stacked(labelled, target.only(target.labeled_mask))[0], target.bounded)
            labelled, target = (side.with_x(apply(steps, side.x)) for side in (labelled, target))
        return fit(labelled, target, n_classes, seed).after((*both.target_steps, *steps))

    def source_alone(self, source: Features, target: Features, n_classes: int, seed: int) -> Head:
        """Return the source's own ridge classifier: all that can be done without a label."""
        from ..heads.ridge import ridge_head

        head = ridge_head(source.x, source.labels, n_classes, kind=target.target_type)
        head.notes["target_labels"] = 0
        head.notes["fitted_on"] = "source"
        return head


def stacked(source: Features, target: Features) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of both sides, source rows first, and their labels."""
    x = np.concatenate([source.x, target.x.astype(source.x.dtype, copy=False)])
    return x, np.concatenate([source.labels, target.labels])


def classifier(
    weight: np.ndarray,
    bias: np.ndarray,
    left_out: np.ndarray,
    labels: np.ndarray,
    target: Features,
    notes: Notes,
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
    kind = target.target_type
    weight, bias, own = kind.calibrate(weight, bias, left_out, labels, n_classes)
    every = np.ones(len(labels), bool)
    own |= kind.fit_notes(left_out, labels, every, n_classes)
    own.pop("missing_classes", None)
    found = notes | own | {"target_labels": int(target.labeled_mask.sum())}
    return Head([Affine(weight.T, bias)], found)
