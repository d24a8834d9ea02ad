"""What the methods for a few target labels share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...inference.layers import Affine, HeadLayer
from ...targets.base import TargetType
from ..core.alignment import labelled_source
from ..core.base import Features, Head
from ..core.scaling import Scaling, scaled


@dataclass(frozen=True)
class LabelledRows:
    """The labelled rows of both sides, scaled.

    Attributes
    ----------
    xs, ys : ndarray, shapes (n, d) and (n,)
    xt, yt : ndarray, shapes (m, d) and (m,)
    every : ndarray
        All target rows, labelled or not.
    steps : tuple of HeadLayer
        What scaled the target.
    kind : TargetType
        The kind of label.
    """

    xs: np.ndarray
    ys: np.ndarray
    xt: np.ndarray
    yt: np.ndarray
    every: np.ndarray
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


def labelled_rows(
    source: Features | None, target: Features, scaling: Scaling, method: str
) -> LabelledRows:
    """Return the labelled rows of both sides, or say what is missing."""
    source = labelled_source(source, target, method)
    both = scaled(source.x, target.x, scaling)
    return LabelledRows(
        both.source[source.known],
        source.labels[source.known],
        both.target[target.known],
        target.labels[target.known],
        both.target,
        both.target_steps,
        target.target_type,
    )


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


def source_alone(rows: LabelledRows, n_classes: int, method: str) -> Head:
    """Return the source's own ridge classifier: all that can be done without a target label."""
    from ..heads.ridge import ridge_head

    head = ridge_head(rows.xs, rows.ys, n_classes, kind=rows.kind)
    head.notes["target_labels"] = 0
    head.notes["fitted_on"] = "source"
    return Head(head.steps, head.notes).after(rows.steps)
