"""`TransferClassifier`: transfer as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from ..base.errors import DataError
from ..selection.portfolio import FEATURES, FEATURES_FEW
from .base import TransferEstimator


class TransferClassifier(ClassifierMixin, TransferEstimator):
    """Classify target rows with what the source (or a backbone) knows.

    A verdict needs labels kept for judging and several seeds: for that use
    `landbridge.transfer`. This class fits and predicts, and so can be cloned, put into
    pipelines and cross-validated.

    Parameters
    ----------
    method : str, default "auto"
        See `landbridge methods`. "auto" chooses among a few by cross-validation on target
        labels or, without any, by label-free scores.
    backbone : str, default "auto"
        "auto": rows of numbers are taken as features ("identity"), images get a network.
    method_options : dict, optional
        Fields of the method's own configuration.
    training : dict, optional
        Fields of the training configuration (steps, batch_size, learning_rate, ...).
    budget : str, default "2m"
        Time that "auto" may take.
    random_state : int, default 0

    Attributes
    ----------
    classes_ : ndarray
    n_features_in_ : int
    method_ : str
        What was chosen.
    choice_ : dict
        Why, with the figures of every candidate.
    model_ : landbridge.Model

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge import TransferClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["ant", "bee"], 40)
    >>> x = rng.normal(size=(80, 5)) + 2 * (y == "bee")[:, None]
    >>> domain = np.tile([1, -1], 40)                  # 1: source, -1: target
    >>> x[domain < 0] *= 3                             # the target is scaled otherwise
    >>> model = TransferClassifier(method="coral")
    >>> fitted = model.fit(x, y, sample_domain=domain, labelled=domain > 0)
    >>> fitted.score(x[domain < 0], y[domain < 0]) > 0.8
    True
    """

    closed = FEATURES
    closed_few = FEATURES_FEW

    def fit(
        self, X: Any, y: Any, *, sample_domain: Any = None, labelled: Any = None
    ) -> TransferClassifier:
        """Fit on stacked rows of both domains.

        Parameters
        ----------
        X : array, shape (n, d), (n, h, w) or (n, h, w, c)
        y : array, shape (n,)
            Labels of any kind. What stands where `labelled` is False is not read.
        sample_domain : int array, shape (n,), optional
            Above 0: a source row; below: a target row. All rows are target rows where not
            given.
        labelled : bool array, shape (n,), optional
            Which labels may be used; all where not given.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For wrong shapes, NaN, fewer than two classes, or a domain without rows.
        """
        X, y, labeled_mask, side = self._rows(X, y, sample_domain, labelled)
        check_classification_targets(y[labeled_mask])
        self.classes_ = np.unique(y[labeled_mask])
        if len(self.classes_) < 2:
            raise DataError(
                f"the labels have {len(self.classes_)} class, expected at least two classes",
                hint="give rows of another class",
            )
        # Names by place: labels of any type come back as they were given.
        place = np.searchsorted(self.classes_, np.where(labeled_mask, y, self.classes_[0]))
        self._transfer(X, [str(i) for i in place], labeled_mask, side, "multiclass")
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities of target rows, shape (n, classes)."""
        given = self._values(X).astype(np.float32)
        full = np.zeros((len(given), len(self.classes_)), given.dtype)
        full[:, [int(name) for name in self.model_.classes]] = given
        return full

    def predict(self, X: Any) -> np.ndarray:
        """Return the labels of target rows, shape (n,)."""
        probabilities = self.predict_proba(X)  # says so where nothing is fitted yet
        return self.classes_[probabilities.argmax(1)]
