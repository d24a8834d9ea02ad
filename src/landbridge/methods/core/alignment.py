"""Methods that bring both sides into a common space and fit a head there."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from ...base.fields import setting
from ...inference.layers import Affine, HeadLayer, apply
from ..heads.base import fit_joint, standardises
from .base import UNSUPERVISED, Features, Head, Requirements
from .feature import ScaledMethod


@dataclass(frozen=True)
class Aligned:
    """Both sides in a common space of k columns.

    Attributes
    ----------
    source_rows : ndarray, shape (ns, k)
        Every source row there.
    target_steps : tuple of HeadLayer
        From a target row (scaled, as `align` got it) to the space.
    source_steps : tuple of HeadLayer or None
        The same for a source row; None where only the rows of the fit have a place.
    weights : ndarray, shape (ns,), optional
        Of source rows, for the head.
    notes : mapping
        What was chosen and measured: plain values.
    """

    source_rows: np.ndarray
    target_steps: tuple[HeadLayer, ...]
    source_steps: tuple[HeadLayer, ...] | None
    weights: np.ndarray | None = None
    notes: Mapping[str, object] = field(default_factory=dict)


class AlignmentMethod(ScaledMethod):
    """Base: a subclass writes `align`.

    Its estimator is a transformer as well: `transform` gives rows in the common space.

    Attributes
    ----------
    widest : float
        How many times as much a column of the common space may vary on the target as among the
        source's rows; what varies more is drawn in for heads that standardise.
    """

    widest: ClassVar[float] = 3.0

    needs: ClassVar[Requirements] = UNSUPERVISED
    head: Any = setting("ridge", "What is fitted in the common space: a name, or a classifier.")

    @abstractmethod
    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in a common space.

        Parameters
        ----------
        source, target : Features
            Scaled. At least one source row is labelled; the target has at least one row. Of a
            target's label nothing is read where the mask is False.
        """

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Align, fit the head on source rows (and labelled target rows), compose.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        source, target, both = self.both_sides(source, target)
        found = plain = self.align(source, target, n_classes, seed)
        if standardises(self.head):
            found = _drawn_in(plain, target.x, self.widest)
        own = apply(found.target_steps, target.x[target.labeled_mask])
        mapped = np.zeros((len(target), own.shape[1]), own.dtype)
        mapped[target.labeled_mask] = own
        head = fit_joint(
            self.head,
            found.source_rows,
            source,
            mapped,
            target,
            n_classes,
            weights=found.weights,
            seed=seed,
        )
        head.notes.update(found.notes)
        self._source_rows = found.source_rows
        self._target_steps = (*both.target_steps, *plain.target_steps)
        self._source_steps = (
            None if found.source_steps is None else (*both.source_steps, *found.source_steps)
        )
        return head.after((*both.target_steps, *found.target_steps))


def _drawn_in(found: Aligned, target: np.ndarray, widest: float) -> Aligned:
    """Return the same, with columns that came out far wider on the target drawn in.

    What is all but constant among the source's rows tells no classes apart, yet heads that
    standardise give it weight, which the target's rows then multiply: of a table's columns with
    one value on the source this turned most answers round.
    """
    rows = apply(found.target_steps, target)
    if len(rows) < 2:
        return found
    mean, narrow = found.source_rows.mean(0, dtype=float), found.source_rows.std(0, dtype=float)
    wide = rows.std(0, dtype=float)
    drawn = narrow * widest < wide
    if not drawn.any():
        return found
    factor = np.where(drawn, widest * narrow / np.where(drawn, wide, 1), 1.0)
    step = Affine(factor, mean * (1 - factor))
    notes = {**found.notes, "drawn_in": int(drawn.sum())}
    return replace(found, target_steps=(*found.target_steps, step), notes=notes)
