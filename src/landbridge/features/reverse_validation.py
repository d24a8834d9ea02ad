"""Options of a feature method chosen without target labels, as scikit-learn's searches do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.model_selection import ParameterGrid
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from ..base.errors import MethodError
from ..methods.core.strengths import reverse_score
from ..targets.registry import get_target_type
from .sides import read_sides


class ReverseValidation(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Choose options of a feature method by the way back to the source's labels.

    For each combination the method answers the target; with these answers as labels and the
    target as the source it answers the source, whose labels are there (Zhong, Fan, Yang,
    Verscheure & Ren, 2010, ECML PKDD). The combination with the best way back is fitted once
    more on everything. No target label is needed.

    Parameters
    ----------
    estimator : estimator of `landbridge.features`
        One that answers with classes.
    param_grid : dict of sequence
        By option, the values to try.

    Attributes
    ----------
    best_params_ : dict
    best_score_ : float
        Share of the source's labelled rows that the way back answers rightly.
    scores_ : list of (dict, float)
        Every combination that was tried, in order.
    best_estimator_ : estimator
    classes_ : ndarray

    See Also
    --------
    sklearn.model_selection.GridSearchCV : Where target labels are there.

    References
    ----------
    Zhong, E., Fan, W., Yang, Q., Verscheure, O., & Ren, J. (2010). Cross validation framework to
    choose amongst models and datasets for transfer learning. ECML PKDD.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import GFK, ReverseValidation
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 100)
    >>> Xs = rng.normal(size=(200, 8)) + 3 * y[:, None]
    >>> Xt = Xs + 10
    >>> search = ReverseValidation(GFK(), {"n_components": [1, 4]}).fit(Xs, y, Xt)
    >>> search.score(Xt, y) > 0.95
    True
    """

    def __init__(self, estimator: Any, param_grid: Mapping[str, Sequence[Any]]) -> None:
        self.estimator = estimator
        self.param_grid = param_grid

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
        """Try every combination, and fit the best; arguments as for the estimator's `fit`.

        Raises
        ------
        DataError
            (a ValueError) for wrong shapes, NaN, fewer than two classes, or a side without rows.
        MethodError
            Where the estimator does not answer with classes.
        ValueError
            For a grid without values.
        """
        if "multiclass" not in self.estimator.needs.target_types:
            raise MethodError(
                f"{type(self.estimator).__name__} does not answer with classes",
                hint="give a classifier of landbridge.features",
            )
        grid = list(ParameterGrid(self.param_grid))
        given = (X, y, Xt, yt, sample_domain, labelled, labelled_t)
        source, target, classes = read_sides(
            clone(self.estimator), *given, get_target_type("multiclass")
        )
        self.scores_ = []
        for values in grid:
            own = clone(self.estimator).set_params(**values)
            own.from_config(own.config)  # types, then ranges
            seed = getattr(own, "random_state", None) or 0
            self.scores_.append((values, reverse_score(own, source, target, len(classes), seed)))
        self.best_params_, self.best_score_ = max(self.scores_, key=lambda one: one[1])
        self.best_estimator_ = clone(self.estimator).set_params(**self.best_params_)
        self.best_estimator_.fit(
            *(X, y, Xt, yt),
            sample_domain=sample_domain,
            labelled=labelled,
            labelled_t=labelled_t,
        )
        self.classes_ = self.best_estimator_.classes_
        self.n_features_in_ = self.best_estimator_.n_features_in_
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the labels of target rows, (n,)."""
        return self._fitted().predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities of target rows, (n, classes), in the order of `classes_`."""
        return self._fitted().predict_proba(X)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return logits of target rows, (n, classes), or (n,) for two classes."""
        return self._fitted().decision_function(X)

    def _fitted(self) -> Any:
        check_is_fitted(self)
        return self.best_estimator_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
