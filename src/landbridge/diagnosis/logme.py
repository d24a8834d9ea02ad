"""LogME: the evidence of a Bayesian linear model on features, maximised over its two precisions."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

_LOWEST, _HIGHEST, _STEPS = -30.0, 15.0, 181
"""Where log (α / β) is looked for, from that of the greatest square; and in how many steps."""


def logme(features: np.ndarray, targets: np.ndarray, *, intercept: bool = False) -> float:
    """Return the logarithm of the maximum evidence, a row and a column of targets.

    Parameters
    ----------
    features : ndarray, shape (n, d)
    targets : ndarray, shape (n,) or (n, k)
        Numbers; of classes one column of 0 and 1 each, as `one_hot` gives them.
    intercept : bool, default False
        Whether the mean of the targets is free. Columns of 0 and 1 need it: centred features
        cannot reach the mean of such a column, and what they know is then lost in the noise
        that the mean asks for.

    Returns
    -------
    float
        Greater is better; comparable between features of the same rows only.

    Notes
    -----
    The evidence of You et al. (2021, arXiv:2102.11005), of precisions α of the weights and β of
    the noise. With singular values σ of the features, z = Uᵀy, e = 1 + βσ²/α and N rows (one
    less with an intercept, as its direction is taken out), the best noise of a ratio is
    1/β = (|y|² − |z|² + Σ z²/e) / N, which leaves −½ (log 2π/β + 1 + Σ log e / N) to be maximised
    over the ratio alone. That is looked for over its whole range: where there are more features
    than rows the rounds of the paper stand still elsewhere. Columns of targets that are the same
    in all rows say nothing and are left out. Costs one singular value decomposition.

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
    y = y[:, np.ptp(y, axis=0) > 0]
    n = len(x)
    if intercept:
        x, y, n = x - x.mean(0), y - y.mean(0), n - 1
    if not y.shape[1]:
        return float("nan")
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    reached = s > s.max(initial=0.0) * max(x.shape) * np.finfo(float).eps
    squares, z = s[reached] ** 2, u[:, reached].T @ y
    return float(np.mean([_evidence(squares, z[:, j], y[:, j], n) for j in range(y.shape[1])]))


def one_hot(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return one column of 0 and 1 a class."""
    return np.eye(n_classes)[labels]


def _evidence(squares: np.ndarray, z: np.ndarray, y: np.ndarray, n: int) -> float:
    total = float(y @ y)
    # Of y, what no weights can reach; a fit without any rest is as good as arithmetic allows.
    outside = max(total - float(z @ z), np.finfo(float).eps * total) if len(z) < n else 0.0

    def evidence(ratio: float) -> float:
        grown = 1 + squares * np.exp(-ratio)
        noise = (outside + float((z**2 / grown).sum())) / n
        return -(np.log(2 * np.pi * noise) + 1 + float(np.log(grown).sum()) / n) / 2

    if not len(squares):
        return evidence(0.0)
    around = np.log(squares.max()) + np.linspace(_LOWEST, _HIGHEST, _STEPS)
    found = [evidence(ratio) for ratio in around]
    best = int(np.argmax(found))
    low, high = around[max(best - 1, 0)], around[min(best + 1, _STEPS - 1)]
    finer = minimize_scalar(lambda ratio: -evidence(ratio), bounds=(low, high), method="bounded")
    return float(max(found[best], -finer.fun))
