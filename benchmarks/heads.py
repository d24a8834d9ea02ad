"""Logistic regression over strengths and folds, single fits and nearest neighbours, against peers.

    PYTHONPATH=src python benchmarks/heads.py [path] [single] [neighbours]

The features are those of `ridge.py`: a mixture of ten classes whose spectrum decays. Objectives
are computed in float64, in the same way for both.
"""

from __future__ import annotations

import functools
import sys
import warnings
from typing import Any

import numpy as np

import harness
from ridge import CLASSES, prepared

ALPHAS = np.logspace(-4, 4, 5)
FOLDS = 3


def objective(x: np.ndarray, y: np.ndarray, weight: Any, bias: Any, strength: float) -> float:
    """Return Σ log-loss + α/2 ‖W‖² in float64."""
    from scipy.special import logsumexp

    weight = np.asarray(weight, dtype=np.float64)
    scores = x.astype(np.float64) @ weight.T + bias
    loss = logsumexp(scores, axis=1).sum() - scores[np.arange(len(y)), y].sum()
    return float(loss + strength / 2 * (weight**2).sum())


def folds(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return scikit-learn's stratified folds as numbers."""
    from sklearn.model_selection import StratifiedKFold

    out = np.empty(len(y), dtype=np.int64)
    for i, (_, held) in enumerate(StratifiedKFold(FOLDS).split(x, y)):
        out[held] = i
    return out


def scikit_learn_path(n: int, d: int, tol: float = 1e-4) -> harness.Work:
    from sklearn.linear_model import LogisticRegressionCV

    x, y, x_test, y_test = prepared(n, d, False)
    splits = [
        (np.flatnonzero(folds(x, y) != i), np.flatnonzero(folds(x, y) == i)) for i in range(3)
    ]

    def work() -> dict[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = LogisticRegressionCV(
                Cs=1 / ALPHAS[::-1], cv=splits, tol=tol, max_iter=5000
            ).fit(x, y)
        strength = float(1 / np.ravel(model.C_)[0])
        return {
            "strength": strength,
            "accuracy": float((model.predict(x_test) == y_test).mean()),
            "objective": objective(x, y, model.coef_, model.intercept_, strength),
        }

    return work


def landbridge_path(n: int, d: int) -> harness.Work:
    from landbridge.solvers.linear.logistic import logistic_cv

    x, y, x_test, y_test = prepared(n, d, False)
    held = folds(x, y)

    def work() -> dict[str, Any]:
        found = logistic_cv(x, y, CLASSES, ALPHAS, held)
        weight, bias = found.fit.weights[0], found.fit.biases[0]
        return {
            "strength": found.strength,
            "accuracy": float(((x_test @ weight.T + bias).argmax(1) == y_test).mean()),
            "objective": objective(x, y, weight, bias, found.strength),
        }

    return work


def scikit_learn_single(n: int, d: int) -> harness.Work:
    from sklearn.linear_model import LogisticRegression

    x, y, x_test, y_test = prepared(n, d, False)

    def work() -> dict[str, Any]:
        model = LogisticRegression(C=1.0, max_iter=1000).fit(x, y)
        return {
            "accuracy": float((model.predict(x_test) == y_test).mean()),
            "objective": objective(x, y, model.coef_, model.intercept_, 1.0),
        }

    return work


def landbridge_single(n: int, d: int) -> harness.Work:
    from landbridge.solvers.linear.logistic import logistic_path

    x, y, x_test, y_test = prepared(n, d, False)

    def work() -> dict[str, Any]:
        fit = logistic_path(x, y, CLASSES, [1.0])
        weight, bias = fit.weights[0], fit.biases[0]
        return {
            "accuracy": float(((x_test @ weight.T + bias).argmax(1) == y_test).mean()),
            "objective": objective(x, y, weight, bias, 1.0),
        }

    return work


def scikit_learn_neighbours(n: int, d: int) -> harness.Work:
    from sklearn.neighbors import KNeighborsClassifier

    x, y, x_test, y_test = prepared(n, d, False)

    def work() -> dict[str, Any]:
        model = KNeighborsClassifier(5, weights="distance").fit(x, y)
        return {"accuracy": float((model.predict(x_test) == y_test).mean())}

    return work


def landbridge_neighbours(n: int, d: int) -> harness.Work:
    from landbridge.solvers.nearest.neighbours import nearest, vote

    x, y, x_test, y_test = prepared(n, d, False)

    def work() -> dict[str, Any]:
        near = nearest(x_test, x, 5)
        share = vote(near, y, CLASSES, weighting="distance")
        return {"accuracy": float((share.argmax(1) == y_test).mean())}

    return work


JOBS: dict[str, list[tuple[str, str, int, int, Any, Any, str]]] = {
    "path": [
        ("logistic_path_10000x512", "Logistic regression, 5 strengths × 3 folds",
         10_000, 512, scikit_learn_path, landbridge_path, "LogisticRegressionCV"),
    ],
    "single": [
        ("logistic_10000x512", "Logistic regression, one fit",
         10_000, 512, scikit_learn_single, landbridge_single, "LogisticRegression"),
        ("logistic_10000x2048", "Logistic regression, one fit",
         10_000, 2048, scikit_learn_single, landbridge_single, "LogisticRegression"),
    ],
    "neighbours": [
        ("neighbours_20000x512", "10,000 rows' 5 nearest of 20,000, weighted by distance",
         20_000, 512, scikit_learn_neighbours, landbridge_neighbours, "KNeighborsClassifier"),
    ],
}  # fmt: skip


# At its default tolerance scikit-learn leaves the objective of one fold's weakest fits 70 % and
# 1.2 % above the minimum; at 1e-6 0.17 % and 2e-6 of it; ours, as they are, at most 1e-4 of it.
AT_THE_MINIMUM = 1e-6


def main() -> None:
    for job in sys.argv[1:] or JOBS:
        for name, title, n, d, theirs, ours, peer in JOBS[job]:
            functions = {f"scikit-learn {peer}": functools.partial(theirs, n=n, d=d)}
            if job == "path":
                functions[f"scikit-learn {peer}, tol=1e-6"] = functools.partial(
                    theirs, n=n, d=d, tol=AT_THE_MINIMUM
                )
            harness.measure(
                name,
                {**functions, "Landbridge": functools.partial(ours, n=n, d=d)},
                title=f"{title}: {n:,} × {d:,}, mixture of ten classes",
            )


if __name__ == "__main__":
    main()
