"""All leave-one-out errors of a ridge classifier over 17 strengths, against scikit-learn.

    PYTHONPATH=src python benchmarks/ridge.py

The features are a mixture of ten classes with correlated columns whose spectrum decays, as a
network's features do; and the pixels of MNIST where LANDBRIDGE_DATA names a folder that has it.
"""

from __future__ import annotations

import functools
import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np

import harness

CLASSES = 10
HELD_OUT = 10_000
ALPHAS = np.logspace(-3, 5, 17)


def mixture(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n rows of features, variances 1/j in a random basis, and their classes.

    Class means lie about 3.5 deviations apart, so that the best possible is under 0.9 and a
    wrong strength would show.
    """
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(d, d)))[0]
    means = rng.normal(size=(CLASSES, d)) * (3.5 / np.sqrt(2 * d))
    labels = rng.integers(0, CLASSES, n)
    x = np.empty((n, d), dtype=np.float32)
    for start in range(0, n, 5000):
        rows = slice(start, min(n, start + 5000))
        part = rng.normal(size=(rows.stop - rows.start, d)) + means[labels[rows]]
        x[rows] = (part * np.arange(1, d + 1) ** -0.5) @ basis
    return x, labels


def mnist() -> tuple[np.ndarray, np.ndarray]:
    """Return the first 60,000 images as rows of pixels in [0, 1], and their digits."""
    folder = Path(os.environ["LANDBRIDGE_DATA"]) / "mnist"
    with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:
        x = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)
    with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int64)
    return (x / np.float32(255)).astype(np.float32), labels


def prepared(n: int, d: int, real: bool) -> tuple[np.ndarray, ...]:
    """Return training rows and labels, held-out rows and labels."""
    x, y = mnist() if real else mixture(n + HELD_OUT, d)
    return x[:n], y[:n], x[n : n + HELD_OUT], y[n : n + HELD_OUT]


def scikit_learn(n: int, d: int, real: bool = False) -> harness.Work:
    from sklearn.linear_model import RidgeClassifierCV

    x, y, x_test, y_test = prepared(n, d, real)

    def work() -> dict[str, Any]:
        model = RidgeClassifierCV(alphas=ALPHAS).fit(x, y)
        return {"strength": float(model.alpha_), "accuracy": float(model.score(x_test, y_test))}

    return work


def landbridge(
    n: int, d: int, real: bool = False, matmul_precision: Any = None, precision: Any = "auto"
) -> harness.Work:
    from landbridge.solvers.linear.ridge import one_vs_rest, ridge_loo

    x, y, x_test, y_test = prepared(n, d, real)

    def work() -> dict[str, Any]:
        path = ridge_loo(
            x,
            one_vs_rest(y, CLASSES),
            ALPHAS,
            precision=precision,
            matmul_precision=matmul_precision,
        )
        answers = (x_test @ path.weight.T + path.bias).argmax(1)
        return {
            "strength": path.strength,
            "accuracy": float((answers == y_test).mean()),
            "solved in": path.precision,
        }

    return work


def main() -> None:
    cases = [(50_000, 512, False), (10_000, 2048, False)]
    if os.environ.get("LANDBRIDGE_DATA"):
        cases.append((50_000, 784, True))
    for n, d, real in cases:
        case = {"n": n, "d": d, "real": real}
        what = "MNIST pixels" if real else "mixture of ten classes"
        harness.measure(
            f"ridge_{'mnist' if real else n}{'' if real else f'x{d}'}",
            {
                "scikit-learn RidgeClassifierCV": functools.partial(scikit_learn, **case),
                'Landbridge, "medium"': functools.partial(
                    landbridge, **case, matmul_precision="medium"
                ),
                "Landbridge": functools.partial(landbridge, **case),
            },
            title=f"Ridge, leave-one-out over 17 strengths: {n:,} × {d:,}, {what}",
        )


if __name__ == "__main__":
    main()
