"""`TransferRegressor`: transfer of numbers as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from ..base.errors import DataError
from ..selection.portfolio import NUMBERS_FEATURES_FEW
from .base import TransferEstimator


class TransferRegressor(RegressorMixin, TransferEstimator):
    """Predict a number for target rows with what the source (or a backbone) knows.

    A verdict needs labels kept for judging and several seeds: for that use
    `landbridge.transfer`.

    Parameters
    ----------
    method : str, default "auto"
        See `landbridge methods`; those that cannot answer with numbers say so. "auto" chooses
        by cross-validation on target labels; without any nothing can be chosen for numbers,
        and the probe on the source is taken.
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
    n_features_in_ : int
    method_ : str
        What was chosen.
    choice_ : dict
        Why, with the figures of every candidate.
    model_ : landbridge.Model

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge import TransferRegressor
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 4))
    >>> y = x @ [1.0, 2.0, 0.0, -1.0] + 10
    >>> domain = np.repeat([1, -1], 100)               # 1: source, -1: target
    >>> x[domain < 0] += 5                             # the target lies elsewhere
    >>> model = TransferRegressor(method="monge")
    >>> fitted = model.fit(x, y, sample_domain=domain, labelled=domain > 0)
    >>> fitted.score(x[domain < 0], y[domain < 0]) > 0.8
    True
    """

    closed: tuple[str, ...] = ()
    closed_few = NUMBERS_FEATURES_FEW

    def fit(
        self, X: Any, y: Any, *, sample_domain: Any = None, labelled: Any = None
    ) -> TransferRegressor:
        """Fit on stacked rows of both domains.

        Parameters
        ----------
        X : array, shape (n, d), (n, h, w) or (n, h, w, c)
        y : array, shape (n,)
            Numbers. What stands where `labelled` is False is not read, and may be NaN.
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
            For wrong shapes, NaN, fewer than two labels, or a domain without rows.
        """
        X, y, labeled_mask, side = self._rows(X, y, sample_domain, labelled, y_numeric=True)
        if labeled_mask.sum() < 2:
            raise DataError(
                f"n_samples={int(labeled_mask.sum())}: one label is no scale",
                hint="give at least two rows with a label",
            )
        self._transfer(X, y.astype(np.float64).tolist(), labeled_mask, side, "regression")
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the numbers of target rows, float64 (n,)."""
        return self._values(X)[:, 0]
