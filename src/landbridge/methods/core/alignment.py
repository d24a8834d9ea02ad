"""Methods that bring both sides into a common space and fit a head there."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...base.errors import DataError, MethodError
from ...inference.layers import HeadLayer, apply
from ..heads.base import check_head, fit_joint
from .base import Features, Head
from .feature import FeatureMethod
from .scaling import Scaling, scaled


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
    notes: Mapping[str, Any] = field(default_factory=dict)


class AlignmentMethod(FeatureMethod):
    """Base: a subclass writes `align`, and has `head` and `scaling` among its parameters.

    Also a scikit-learn transformer: `transform` gives rows in the common space.
    """

    head: Any
    scaling: Scaling

    @abstractmethod
    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in a common space.

        Parameters
        ----------
        source, target : Features
            Scaled. At least one source row is labelled; the target has at least one row. Of a
            target's label nothing is read where `known` is False.
        """

    def check(self) -> None:
        """Raise ConfigError for an unknown head."""
        check_head(self.head, self.name)

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Align, fit the head on source rows (and labelled target rows), compose.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        source = labelled_source(source, target, self.name)
        both = scaled(source.x, target.x, self.scaling)
        source, target = source.with_x(both.source), target.with_x(both.target)
        found = self.align(source, target, n_classes, seed)
        own = apply(found.target_steps, target.x[target.known])
        mapped = np.zeros((len(target), own.shape[1]), own.dtype)
        mapped[target.known] = own
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
        self._target_steps = (*both.target_steps, *found.target_steps)
        self._source_steps = (
            None if found.source_steps is None else (*both.source_steps, *found.source_steps)
        )
        return head.after((*both.target_steps, *found.target_steps))

    def transform(self, X: Any, sample_domain: Any = None) -> np.ndarray:
        """Return rows in the common space.

        Parameters
        ----------
        X : array, shape (n, d)
        sample_domain : int array, shape (n,), optional
            Above 0 for source rows, below for target rows; all are target rows by default.

        Returns
        -------
        ndarray, shape (n, k)

        Raises
        ------
        MethodError
            For new source rows where the method has a place only for those of the fit.
        """
        x = self._checked(X)
        target = np.ones(len(x), bool) if sample_domain is None else np.asarray(sample_domain) < 0
        if target.shape != (len(x),):
            raise DataError(
                f"sample_domain has shape {target.shape}", do=f"give {len(x)} whole numbers"
            )
        if target.all():
            return apply(self._target_steps, x)
        if self._source_steps is None:
            raise MethodError(
                f"{self.name} has no map for new source rows",
                do="take those of the fit from fit_transform",
            )
        mapped = apply(self._source_steps, x[~target])
        out = np.empty((len(x), mapped.shape[1]), x.dtype)
        out[~target] = mapped
        out[target] = apply(self._target_steps, x[target])
        return out

    def fit_transform(
        self, X: Any, y: Any = None, *, sample_domain: Any = None, labelled: Any = None
    ) -> np.ndarray:
        """Fit, and return all rows in the common space, in the order of X."""
        self.fit(X, y, sample_domain=sample_domain, labelled=labelled)
        if sample_domain is None:
            return self.transform(X)
        target = np.asarray(sample_domain) < 0
        x = self._checked(X)
        out = np.empty((len(x), self._source_rows.shape[1]), x.dtype)
        out[~target] = self._source_rows
        out[target] = apply(self._target_steps, x[target])
        return out

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import TransformerTags

        tags = super().__sklearn_tags__()
        tags.transformer_tags = TransformerTags(preserves_dtype=["float64", "float32"])
        return tags


def labelled_source(
    source: Features | None, target: Features, method: str, *, same_width: bool = True
) -> Features:
    """Return `source`, or say what is missing."""
    if source is None or not source.known.any():
        raise MethodError(
            f"{method} needs labelled source rows", do="give a labelled source, or use 'probe'"
        )
    if not len(target.x):
        raise MethodError(f"{method} needs target rows, there are none", do="give target examples")
    if same_width and source.x.shape[1] != target.x.shape[1]:
        raise MethodError(
            f"{method}: source features have {source.x.shape[1]} columns, target features "
            f"{target.x.shape[1]}",
            do="use one backbone for both, or 'feature-map' with labelled target rows",
        )
    return source
