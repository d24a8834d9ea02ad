"""The scikit-learn side of a feature method; imported where one is asked for, not before."""

from __future__ import annotations

import functools
import numbers
import typing
import warnings
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
)
from sklearn.utils import metadata_routing
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from ..base.errors import DataError, LandbridgeWarning, MethodError
from ..base.renamed import renamed, renamed_options
from ..inference.layers import apply
from ..methods.core.alignment import AlignmentMethod
from ..methods.core.base import NUMBERS
from ..methods.core.feature import FeatureMethod
from ..methods.core.parameters import Bounds, bounds_of, documented, parameters, types_of
from ..targets.registry import get_target_type
from .sides import read_sides

FLOATS = [np.float64, np.float32]
NOT_ROUTED = metadata_routing.UNUSED


class Estimator(BaseEstimator):
    """`fit` of every feature method, in two equal forms.

    Attributes
    ----------
    n_features_in_ : int
        Columns of the target.
    feature_names_in_ : ndarray of str
        Their names, where the target is a table with names.
    head_ : Head
        From target features to logits; `head_.notes` says what was chosen and measured.
    """

    name: str
    needs: Any
    config: Any
    from_config: Any
    fit_head: Any
    __metadata_request__fit: ClassVar[dict[str, str]] = {"labelled_t": NOT_ROUTED}

    def fit(
        self,
        X: Any,
        y: Any,
        Xt: Any = None,
        yt: Any = None,
        *,
        sample_domain: Any = None,
        labelled: Any = None,
        labelled_t: Any = None,
    ) -> Self:
        """Fit on stacked rows (`sample_domain`), or on a source (X, y) and a target (Xt, yt).

        Parameters
        ----------
        X : array, shape (n, d)
            Rows of both sides, in any order, or source rows where `Xt` is given. float32 stays
            float32. Never changed.
        y : array, shape (n,)
            Labels of any kind. What stands where `labelled` is False is not read.
        Xt : array, shape (m, d), optional
            Target rows.
        yt : array, shape (m,), optional
            Target labels. None: no target row is labelled.
        sample_domain : int array, shape (n,), optional
            Above 0: a source row; below: a target row. Different numbers are different sources
            (or targets). Where neither this nor `Xt` is given all rows are source and target at
            once, and a warning says so.
        labelled : bool array, shape (n,), optional
            Which of `y` may be used; all by default, as in scikit-learn, so hide the labels of
            target rows with it where they are for judging.
        labelled_t : bool array, shape (m,), optional
            Which of `yt` may be used; all by default.

        Returns
        -------
        self

        Raises
        ------
        DataError
            (a ValueError) for wrong shapes, NaN, fewer than two classes, or a side without rows.
        MethodError
            Where the method's needs are not met.
        """
        self.from_config(self.config)  # types, then ranges
        classes = "multiclass" in self.needs.target_types
        kind = get_target_type("multiclass" if classes else "regression")
        source, target, self.classes_ = read_sides(
            self, X, y, Xt, yt, sample_domain, labelled, labelled_t, kind
        )
        seed = getattr(self, "random_state", None) or 0
        self.head_ = self.fit_head(source, target, len(self.classes_), seed)
        if "warning" in self.head_.notes:
            warnings.warn(LandbridgeWarning(self.head_.notes["warning"]), stacklevel=2)
        return self

    def set_params(self, **params: Any) -> Self:
        """Set options by name; ``head__C`` goes to the head."""
        return super().set_params(**renamed(params, renamed_options(self.name)))

    def _logits(self, X: Any) -> np.ndarray:
        rows = self._checked(X)  # says so where nothing is fitted yet
        return self.head_.logits(rows)

    def _checked(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=FLOATS)


class Classifier(ClassifierMixin, Estimator):
    """Answers with classes.

    Attributes
    ----------
    classes_ : ndarray, shape (classes,)
        What is answered.
    """

    def decision_function(self, X: Any) -> np.ndarray:
        """Return logits of target rows, (n, classes), or (n,) for two classes."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities of target rows, (n, classes), in the order of `classes_`."""
        logits = self._logits(X)
        shifted = np.exp(logits - logits.max(1, keepdims=True))
        return shifted / shifted.sum(1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """Return the labels of target rows, (n,)."""
        best = self._logits(X).argmax(1)
        return self.classes_[best]


class Regressor(RegressorMixin, Estimator):
    """Answers with numbers."""

    def predict(self, X: Any) -> np.ndarray:
        """Return the answers to target rows, (n,)."""
        return self._logits(X)[:, 0]


class Transformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Also gives rows in the common space that a method brings both sides into."""

    __metadata_request__transform: ClassVar[dict[str, str]] = {"sample_domain": NOT_ROUTED}
    _checked: Any
    _source_rows: np.ndarray
    _source_steps: Any
    _target_steps: Any

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
                f"sample_domain has shape {target.shape}", hint=f"give {len(x)} whole numbers"
            )
        if target.all():
            return apply(self._target_steps, x)
        if self._source_steps is None:
            raise MethodError(
                f"{self.name} has no map for new source rows",
                hint="take those of the fit from fit_transform",
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

    @property
    def _n_features_out(self) -> int:
        return self._source_rows.shape[1]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


@functools.cache
def estimator_of(kind: type[FeatureMethod]) -> type:
    """Return the estimator of a feature method: the method, with what scikit-learn asks for."""
    answers = Regressor if kind.needs.target_types == NUMBERS else Classifier
    faces = (Transformer, answers) if issubclass(kind, AlignmentMethod) else (answers,)

    @functools.wraps(kind.__init__)
    def init(self: Any, **options: Any) -> None:
        kind.__init__(self, **renamed(options, renamed_options(kind.name)))

    own = {
        "__init__": init,
        "__module__": "landbridge.features",
        "__doc__": documented(kind),
        "_parameter_constraints": constraints(kind),
    }
    return type(kind.__name__, (kind, *faces), own)


def constraints(kind: type[FeatureMethod]) -> dict[str, list[Any]]:
    """Return what each option may be, as scikit-learn writes it."""
    hints, bounds = types_of(kind), bounds_of(kind)
    return {p.name: _allowed(hints[p.name], bounds.get(p.name)) for p in parameters(kind)}


def _allowed(hint: Any, bounds: Bounds | None) -> list[Any]:
    if typing.get_origin(hint) is typing.Literal:
        return [StrOptions(set(typing.get_args(hint)))]
    if hint is bool:
        return ["boolean"]
    if hint in (int, float):
        whole = numbers.Integral if hint is int else numbers.Real
        if bounds is None:
            return [whole]
        low = bounds.gt if bounds.ge is None else bounds.ge
        high = bounds.lt if bounds.le is None else bounds.le
        ends = (bounds.ge is not None, bounds.le is not None)
        closed = {(1, 1): "both", (1, 0): "left", (0, 1): "right", (0, 0): "neither"}[ends]
        return [Interval(whole, low, high, closed=closed)]
    if typing.get_origin(hint) is tuple:
        return [tuple, list]
    return [str, HasMethods("fit")]
