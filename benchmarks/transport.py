"""Optimal transport of rows, against POT: the entropic map, the exact map of new rows, labels.

    PYTHONPATH=src python benchmarks/transport.py [1000 4000 20000] [default ...]

Features have 512 columns: "decaying" ones with variances 1/j, as a network's features have, and
"flat" ones, all columns alike, for which unnormalised costs and reg_e = 1 (POT's defaults) are a
very small regularisation. Both stop at the same marginal error, and both start from float64 rows.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from typing import Any

import numpy as np

import harness

D = 512
PACKAGES = (*harness.PACKAGES, "POT")
# reg_e, norm, features: POT's default first.
SETTINGS = {
    "default": (1.0, None, "decaying"),
    "max_0.01": (0.01, "max", "flat"),
    "max_0.1": (0.1, "max", "flat"),
    "small": (0.1, None, "decaying"),
}


def rows(n: int, kind: str = "decaying") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return source, target and new source rows, float64 (n, 512)."""
    rng = np.random.default_rng(0)
    scale = np.arange(1, D + 1) ** -0.5 if kind == "decaying" else np.ones(D)
    source, target, new = (rng.normal(size=(n, D)) for _ in range(3))
    return source * scale, (0.8 * target + 0.3) * scale, new * scale


def pot_sinkhorn(n: int, setting: str) -> harness.Work:
    import ot

    reg, norm, kind = SETTINGS[setting]
    xs, xt, _ = rows(n, kind)

    def work() -> dict[str, Any]:
        model = ot.da.SinkhornTransport(reg_e=reg, norm=norm).fit(Xs=xs, Xt=xt)
        images = model.transform(Xs=xs)
        return {
            "iterations": int(model.log_["niter"]) + 1,
            "marginal error": float(model.log_["err"][-1]),
            "first image": images[0, :3].tolist(),
        }

    return work


def landbridge_sinkhorn(n: int, setting: str) -> harness.Work:
    from landbridge.solvers.transport.cost import squared_cost
    from landbridge.solvers.transport.sinkhorn import sinkhorn

    reg, norm, kind = SETTINGS[setting]
    xs, xt, _ = rows(n, kind)
    # POT stops where the 2-norm of the column errors is 1e-8; this is the 1-norm of that.
    tolerance = 1e-8 * n**0.5

    def work() -> dict[str, Any]:
        cost = squared_cost(xs, xt, normalise=norm)
        plan = sinkhorn(cost, reg, tolerance=tolerance, consume=True)
        images = plan.source_images(xt)
        return {
            "iterations": plan.iterations,
            "marginal error (1-norm)": plan.error,
            "converged": plan.converged,
            "first image": images[0, :3].tolist(),
        }

    return work


def pot_new_rows(n: int) -> harness.Work:
    import ot

    xs, xt, new = rows(n)
    model = ot.da.EMDTransport().fit(Xs=xs, Xt=xt)

    def work() -> dict[str, Any]:
        return {"sum": float(model.transform(Xs=new).sum())}

    return work


def landbridge_new_rows(n: int) -> harness.Work:
    from landbridge.solvers.transport.barycentric import displaced
    from landbridge.solvers.transport.cost import squared_cost
    from landbridge.solvers.transport.exact import exact_transport

    xs, xt, new = rows(n)
    images = exact_transport(squared_cost(xs, xt)).plan.source_images(xt)

    def work() -> dict[str, Any]:
        return {"sum": float(displaced(new, xs, images).sum())}

    return work


def same_map(n: int, setting: str) -> float:
    """Return the largest difference between both maps, relative to the largest value."""
    import ot

    from landbridge.solvers.transport.cost import squared_cost
    from landbridge.solvers.transport.sinkhorn import sinkhorn

    reg, norm, kind = SETTINGS[setting]
    xs, xt, _ = rows(n, kind)
    theirs = ot.da.SinkhornTransport(reg_e=reg, norm=norm).fit(Xs=xs, Xt=xt).transform(Xs=xs)
    plan = sinkhorn(squared_cost(xs, xt, normalise=norm), reg, tolerance=1e-8 * n**0.5)
    return float(np.abs(plan.source_images(xt) - theirs).max() / np.abs(theirs).max())


def main() -> None:
    if importlib.util.find_spec("ot") is None:
        sys.exit("POT is not installed: pip install POT")
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()] or [1000, 4000]
    settings = [word for word in sys.argv[1:] if word in SETTINGS]
    for n in sizes:
        for setting, (reg, norm, kind) in SETTINGS.items():
            if settings and setting not in settings:
                continue
            if (n > 5000 and setting != "default") or (n > 1000 and setting == "small"):
                continue  # POT takes a quarter of an hour for "small" at 4,000 rows
            functions = {
                "POT SinkhornTransport": functools.partial(pot_sinkhorn, n=n, setting=setting),
                "Landbridge": functools.partial(landbridge_sinkhorn, n=n, setting=setting),
            }
            if n > 5000:  # POT needs about 25 GB and half an hour for 20,000 rows
                del functions["POT SinkhornTransport"]
            harness.measure(
                f"sinkhorn_{n}_{setting}",
                functions,
                repeats=1 if n > 5000 else 3,
                title=f"Entropic map, {n:,} × {D} a side, {kind} columns, reg {reg}, norm {norm}",
                packages=PACKAGES,
            )
            if n <= 1000:
                print(f"largest difference of the maps: {same_map(n, setting):.1e}")
    for n in [size for size in sizes if size <= 5000 and not settings]:
        harness.measure(
            f"exact_new_rows_{n}",
            {
                "POT EMDTransport.transform": functools.partial(pot_new_rows, n=n),
                "Landbridge": functools.partial(landbridge_new_rows, n=n),
            },
            title=f"Exact map of {n:,} new rows, {D} columns",
            packages=PACKAGES,
        )


if __name__ == "__main__":
    main()
