"""What the methods for a few target labels share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...domains.answers import kind_of
from ...solvers.steps import Affine, Step
from ..alignment import labelled_source
from ..base import Features, Head
from ..heads.answers import believed
from ..heads.ridge import fit_temperature
from ..scaling import Scaling, scaled


@dataclass(frozen=True)
class LabelledRows:
    """The labelled rows of both sides, scaled.

    Attributes
    ----------
    xs, ys : ndarray, shapes (n, d) and (n,)
    xt, yt : ndarray, shapes (m, d) and (m,)
    every : ndarray
        All target rows, labelled or not.
    steps : tuple of Step
        What scaled the target.
    """

    xs: np.ndarray
    ys: np.ndarray
    xt: np.ndarray
    yt: np.ndarray
    every: np.ndarray
    steps: tuple[Step, ...]

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
    )


def classifier(
    weight: np.ndarray,
    bias: np.ndarray,
    left_out: np.ndarray,
    labels: np.ndarray,
    rows: LabelledRows,
    notes: dict[str, Any],
) -> Head:
    """Return the head of ±1 scores; temperature by target rows left out, where there are some.

    Parameters
    ----------
    weight, bias : ndarray, shapes (classes, d) and (classes,)
        Of scaled rows.
    left_out : ndarray, shape (m, classes)
        Scores of target rows by fits without them.
    labels : ndarray of int, shape (m,)
        Or numbers (m,), or (m, classes) of 0 and 1: then there is no temperature.
    """
    if kind_of(labels) != "classes":
        weight, bias = believed(weight, bias, left_out, labels)
        found = notes | {"target_labels": len(rows.xt)}
        return Head([Affine(weight.T, bias)], found).after(rows.steps)
    temperature = fit_temperature(left_out, labels)
    hits = left_out.argmax(1) == labels
    found = notes | {
        "temperature": temperature,
        "loo_accuracy": float(hits.mean()) if len(hits) > 1 else float("nan"),
        "target_labels": len(rows.xt),
    }
    head = Head([Affine(weight.T / temperature, bias / temperature)], found)
    return head.after(rows.steps)


def source_alone(rows: LabelledRows, n_classes: int, method: str) -> Head:
    """Return the source's own ridge classifier: all that can be done without a target label."""
    from ..heads.ridge import ridge_head

    head = ridge_head(rows.xs, rows.ys, n_classes)
    head.notes["target_labels"] = 0
    head.notes["fitted_on"] = "source"
    return Head(head.steps, head.notes).after(rows.steps)
