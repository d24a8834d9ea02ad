"""Probabilities of labelled rows by logistic regressions that have not seen them."""

from __future__ import annotations

import numpy as np

from ...base.seeds import numpy_rng
from ..core.scaling import rescaled, standardisation
from .logistic import ALPHAS, both_classes

FOLDS = 5


def out_of_fold_probabilities(
    x: np.ndarray, labels: np.ndarray, n_classes: int, seed: int = 0
) -> np.ndarray:
    """Return the probability of each class for each row, by a model of the other folds.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    labels : ndarray of int, shape (n,)
        Each class has two rows at least.
    n_classes : int
    seed : int
        Deals rows to folds.

    Returns
    -------
    float64 ndarray, shape (n, n_classes)
        At the strength whose log-loss is least, at the temperature that suits the labels.

    Examples
    --------
    >>> x = np.array([[-2.0], [-1.0], [-1.5], [-1.2], [1.0], [2.0], [1.5], [1.2]])
    >>> p = out_of_fold_probabilities(x, np.array([0, 0, 0, 0, 1, 1, 1, 1]), 2)
    >>> p.argmax(1).tolist()
    [0, 0, 0, 0, 1, 1, 1, 1]
    """
    from ...solvers.calibration.score_calibration import fit_temperature
    from ...solvers.folds import stratified_folds
    from ...solvers.linear.logistic import logistic_cv

    folds = stratified_folds(labels, FOLDS, numpy_rng(seed, "out of fold"))
    z = rescaled(x, *standardisation(x, None))
    choice = logistic_cv(z, labels, n_classes, ALPHAS, folds, criterion="log_loss")
    scores = both_classes(np.asarray(choice.scores, np.float64))
    # the prior of `fit_temperature` is at ¼; logits as they are should be at 1
    scores = scores / (4 * fit_temperature(scores / 4, labels))
    shares = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(shares / shares.sum(1, keepdims=True))
