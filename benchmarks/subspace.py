"""Transfer component analysis against skada, and at sizes that it cannot reach.

    PYTHONPATH=src python benchmarks/subspace.py

50 components of an rbf kernel, 512 columns; a size is the rows of each side. The features have a
spectrum that decays, as a network's do, and the sides differ in their means. "relative MMD²" is
the squared distance of the sides' means over the mean squared distance of rows from the common
mean, in the components, whose columns of W have length 1 in both; before is that of the kernel.
"""

from __future__ import annotations

import functools
import importlib.util
from typing import Any

import numpy as np

import harness

WIDTH, COMPONENTS = 512, 50
PACKAGES = (*harness.PACKAGES, "skada")


def prepared(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n float64 rows of each side: variances 1/j in a random basis, means apart."""
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(WIDTH, WIDTH)))[0]
    spread = np.arange(1, WIDTH + 1) ** -0.5
    shift = 0.3 * rng.normal(size=WIDTH)
    source = (rng.normal(size=(n, WIDTH)) * spread) @ basis
    return source, ((rng.normal(size=(n, WIDTH)) + shift) * spread) @ basis


def relative_mmd(source: np.ndarray, target: np.ndarray) -> float:
    between = ((source.mean(0) - target.mean(0)) ** 2).sum()
    return float(between / np.concatenate([source, target]).var(0).sum())


def skada(n: int) -> harness.Work:
    import warnings

    warnings.simplefilter("ignore")
    from skada import TransferComponentAnalysisAdapter

    xs, xt = prepared(n)
    x, domain = np.concatenate([xs, xt]), np.repeat([1, -1], n)

    TransferComponentAnalysisAdapter(n_components=2).fit(
        x[n - 20 : n + 20], sample_domain=domain[n - 20 : n + 20]
    )

    def work() -> dict[str, Any]:
        model = TransferComponentAnalysisAdapter(n_components=COMPONENTS, mu=0.1)
        z = model.fit_transform(x, sample_domain=domain)
        return {"relative MMD²": relative_mmd(z[:n], z[n:])}

    return work


def landbridge(n: int, landmarks: int | None, single: bool = False) -> harness.Work:
    from landbridge.solvers.subspace.tca import tca

    xs, xt = prepared(n)
    if single:
        xs, xt = xs.astype(np.float32), xt.astype(np.float32)

    tca(xs[:40], xt[:40], 2, landmarks=20)  # what is imported later is imported now
    tca(xs[:200], xt[:200], 2)

    def work() -> dict[str, Any]:
        found = tca(xs, xt, COMPONENTS, landmarks=landmarks, exact=10**9)
        return {
            "relative MMD²": relative_mmd(
                found.source.astype(np.float64), found.target.astype(np.float64)
            ),
            "before": found.notes["mmd_before"],
            "sum of values": float(found.values.sum()),
        }

    return work


def main() -> None:
    peer = importlib.util.find_spec("skada") is not None
    if not peer:
        print("skada is not installed: its rows are left out (pip install landbridge[peers])")
    for n in (500, 1000, 2000, 4000):
        functions: dict[str, Any] = {}
        if peer and n <= 2000:
            functions["skada TransferComponentAnalysis"] = functools.partial(skada, n=n)
        functions["Landbridge, 500 landmarks"] = functools.partial(landbridge, n=n, landmarks=500)
        functions["Landbridge, exact"] = functools.partial(landbridge, n=n, landmarks=None)
        harness.measure(
            f"tca_{n}",
            functions,
            title=f"TCA, {COMPONENTS} components: {n:,} + {n:,} rows × {WIDTH}",
            packages=PACKAGES if peer else harness.PACKAGES,
        )
    harness.measure(
        "tca_25000",
        {
            "Landbridge, 500 landmarks": functools.partial(
                landbridge, n=25_000, landmarks=500, single=True
            )
        },
        title=f"TCA, {COMPONENTS} components: 25,000 + 25,000 rows × {WIDTH}, float32",
    )


if __name__ == "__main__":
    main()
