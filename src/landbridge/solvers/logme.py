"""LogME: the evidence of a Bayesian linear model on features, maximised over its two precisions."""

from __future__ import annotations

import numpy as np

_ROUNDS, _CLOSE = 100, 1e-5


def logme(features: np.ndarray, targets: np.ndarray) -> float:
    """Return the logarithm of the maximum evidence, a row and a column of targets.

    Parameters
    ----------
    features : ndarray, shape (n, d)
    targets : ndarray, shape (n,) or (n, k)
        Numbers; of classes one column of 0 and 1 each, as `one_hot` gives them.

    Returns
    -------
    float
        Greater is better; comparable between features of the same rows only.

    Notes
    -----
    With singular values σ of the features, z = Uᵀy and precisions α of the weights and β of the
    noise: γ = Σ βσ² / (α + βσ²), α ← γ / |m|², β ← (n − γ) / |y − Fm|², until α / β stands still
    (You et al., 2021, arXiv:2102.11005). Costs one singular value decomposition.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(50, 3))
    >>> logme(x, x @ [1.0, 2.0, 3.0]) > logme(rng.normal(size=(50, 3)), x @ [1.0, 2.0, 3.0])
    True
    """
    x = np.asarray(features, np.float64)
    y = np.asarray(targets, np.float64)
    y = y[:, None] if y.ndim == 1 else y
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    squares = s**2
    return float(np.mean([_evidence(squares, u.T @ one, one, x.shape[1]) for one in y.T]))


def one_hot(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return one column of 0 and 1 a class."""
    return np.eye(n_classes)[labels]


def _evidence(squares: np.ndarray, z: np.ndarray, y: np.ndarray, d: int) -> float:
    n = len(y)
    outside = max(float(y @ y - z @ z), 0.0)  # of y, what no weights can reach
    alpha = beta = 1.0
    for _ in range(_ROUNDS):
        ratio = alpha / beta
        shrink = squares / (squares + ratio)
        gamma = float(shrink.sum())
        weights = float((squares * z**2 / (squares + ratio) ** 2).sum())
        rest = outside + float((((1 - shrink) * z) ** 2).sum())
        alpha, beta = gamma / max(weights, 1e-12), (n - gamma) / max(rest, 1e-12)
        if abs(alpha / beta - ratio) <= _CLOSE * ratio:
            break
    ratio = alpha / beta
    weights = float((squares * z**2 / (squares + ratio) ** 2).sum())
    rest = outside + float((((1 - squares / (squares + ratio)) * z) ** 2).sum())
    determinant = float(np.log(alpha + beta * squares).sum()) + (d - len(squares)) * np.log(alpha)
    evidence = d * np.log(alpha) + n * np.log(beta) - determinant - beta * rest - alpha * weights
    return float(evidence - n * np.log(2 * np.pi)) / (2 * n)
