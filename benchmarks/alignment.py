"""CORAL, linear Monge and subspace alignment against skada, POT and ADAPT: fit and transform.

    PYTHONPATH=src python benchmarks/alignment.py [n d ...]

float32 features whose variances fall as 1/j in some basis, as a network's do; the target's basis
is another one. Each peer runs at its defaults but for the regularisation, which is as much as
ours adds (r = 1 times the mean variance, the paper's), where it takes one; "no shrinkage" is
skada's CORAL without its search for a strength, its fastest. The figure beside each is the
relative difference of the mapped rows from a float64 reference of the same problem. 2,048 columns
are measured once, and without our float64 rows: the data alone take longer than the work.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from typing import Any

import numpy as np

import harness

# Where ADAPT is installed so is TensorFlow, which POT would import for 20 s in every process.
os.environ.setdefault("POT_BACKEND_DISABLE_TENSORFLOW", "1")

COMPONENTS = 50
SIZES = [(n, d) for d in (512, 2048) for n in (1_000, 4_000, 10_000)]


def features(n: int, d: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(d, d)))[0] * np.arange(1, d + 1)[:, None] ** -0.5
    out = np.empty((n, d), dtype=np.float32)
    for start in range(0, n, 4000):
        out[start : start + 4000] = rng.normal(size=(min(4000, n - start), d)) @ basis
    return out + 0.1 * rng.normal(size=d).astype(np.float32)


def added(xs: np.ndarray, xt: np.ndarray) -> float:
    return float((xs.var(0, dtype=np.float64).mean() + xt.var(0, dtype=np.float64).mean()) / 2)


def error(kind: str, xs: np.ndarray, xt: np.ndarray, mapped: np.ndarray) -> float:
    """Return ‖mapped − reference‖ / ‖reference‖, both centred, of our definition in float64."""
    zs, zt = (x.astype(np.float64) - x.mean(0, dtype=np.float64) for x in (xs, xt))
    moved = mapped.astype(np.float64) - mapped.mean(0, dtype=np.float64)
    if kind == "subspace":
        ps, pt = (np.linalg.eigh(z.T @ z)[1][:, -COMPONENTS:] for z in (zs, zt))
        # Axes have free signs: what is compared is the part of the rows that the axes can tell.
        want = zs @ ps @ (ps.T @ pt) @ pt.T
        got = moved @ (np.linalg.lstsq(moved, want, rcond=None)[0])
        return float(np.linalg.norm(got - want) / np.linalg.norm(want))
    r = added(xs, xt) * np.eye(xs.shape[1])
    cs, ct = zs.T @ zs / len(zs) + r, zt.T @ zt / len(zt) + r
    if kind == "coral":
        matrix = _power(cs, -0.5) @ _power(ct, 0.5)
    else:
        root, inverse = _power(cs, 0.5), _power(cs, -0.5)
        matrix = inverse @ _power(root @ ct @ root, 0.5) @ inverse
    want = zs @ matrix
    return float(np.linalg.norm(moved - want) / np.linalg.norm(want))


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T


def skada(n: int, d: int, kind: str, shrinkage: bool = True, check: bool = False) -> harness.Work:
    from skada._mapping import CORALAdapter, LinearOTMappingAdapter
    from skada._subspace import SubspaceAlignmentAdapter

    xs, xt = features(n, d, 0), features(n, d, 1)
    rows = np.vstack([xs, xt])
    sides = np.r_[np.ones(n), -np.ones(n)].astype(int)
    adapter = {
        "coral": lambda: CORALAdapter(reg="auto" if shrinkage else None),
        "monge": lambda: LinearOTMappingAdapter(reg=added(xs, xt)),
        "subspace": lambda: SubspaceAlignmentAdapter(n_components=COMPONENTS, random_state=0),
    }[kind]()
    return _work(lambda: adapter.fit_transform(rows, sample_domain=sides)[:n], kind, xs, xt, check)


def pot(n: int, d: int, check: bool = False) -> harness.Work:
    import ot

    xs, xt = features(n, d, 0), features(n, d, 1)
    model = ot.da.LinearTransport(reg=added(xs, xt))
    return _work(lambda: model.fit(Xs=xs, Xt=xt).transform(Xs=xs), "monge", xs, xt, check)


def adapt(n: int, d: int, kind: str, check: bool = False) -> harness.Work:
    from adapt.feature_based import CORAL, SA

    xs, xt = features(n, d, 0), features(n, d, 1)
    model: Any = (
        SA(Xt=xt, n_components=COMPONENTS, verbose=0)
        if kind == "subspace"
        else CORAL(Xt=xt, lambda_=added(xs, xt), verbose=0)
    )
    return _work(lambda: model.fit_transform(xs, xt), kind, xs, xt, check)


def landbridge(n: int, d: int, kind: str, wide: bool = False, check: bool = False) -> harness.Work:
    import scipy.linalg
    import scipy.sparse.linalg  # noqa: F401

    from landbridge.solvers.mapping.alignment import coral_map, monge_map
    from landbridge.solvers.subspace.subspace_alignment import align_subspaces

    xs, xt = features(n, d, 0), features(n, d, 1)
    if wide:
        xs, xt = xs.astype(np.float64), xt.astype(np.float64)

    def subspace() -> np.ndarray:
        found = align_subspaces(xs, xt, COMPONENTS)
        found.target(xt)  # the peers map both sides in fit_transform
        return found.source(xs)

    jobs = {
        "coral": lambda: coral_map(xs, xt, 1.0)(xs),
        "monge": lambda: monge_map(xs, xt, 1.0)(xs),
        "subspace": subspace,
    }
    return _work(jobs[kind], kind, xs, xt, check)


def _work(job: Any, kind: str, xs: np.ndarray, xt: np.ndarray, check: bool) -> harness.Work:
    if check:  # of another run of the same: no part of what is timed
        difference = error(kind, xs, xt, np.asarray(job()))

    def work() -> dict[str, Any]:
        mapped = job()
        figures: dict[str, Any] = {"type": str(np.asarray(mapped).dtype)}
        if check:
            figures["error"] = float(f"{difference:.2g}")
        return figures

    return work


def peers(kind: str, d: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    there = {name: _installed(name) for name in ("skada", "ot", "adapt")}
    for name, is_there in there.items():
        if not is_there:
            print(f"{name} is not installed here: it is left out of the table", flush=True)
    if there["skada"]:
        found["skada"] = functools.partial(skada, kind=kind)
        if kind == "coral":
            found["skada, no shrinkage"] = functools.partial(skada, kind=kind, shrinkage=False)
    if there["ot"] and kind == "monge":
        found["POT LinearTransport"] = pot
    if there["adapt"] and kind != "monge" and d < 1000:  # its matrix root takes minutes beyond
        found["ADAPT"] = functools.partial(adapt, kind=kind)
    return found


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    sizes = list(zip(given[::2], given[1::2], strict=True)) or SIZES
    packages = (*harness.PACKAGES, *(p for p in ("skada", "POT", "adapt") if _installed(p)))
    titles = {"coral": "CORAL", "monge": "Linear Monge", "subspace": "Subspace alignment"}
    for n, d in sizes:
        for kind, title in titles.items():
            functions = peers(kind, d)
            wide = functools.partial(landbridge, kind=kind, wide=True)
            functions |= {"Landbridge, float64": wide} if d < 1000 else {}
            functions["Landbridge"] = functools.partial(landbridge, kind=kind)
            case = {"n": n, "d": d, "check": (n, d) == (4_000, 512)}
            harness.measure(
                f"alignment_{kind}_{n}x{d}",
                {name: _with(one, case) for name, one in functions.items()},
                repeats=3 if d < 1000 else 1,
                packages=packages,
                title=f"{title}, fit and transform: {n:,} × {d:,}, float32",
            )


def _installed(package: str) -> bool:
    return importlib.util.find_spec({"POT": "ot"}.get(package, package)) is not None


def _with(function: Any, case: dict[str, Any]) -> Any:
    if isinstance(function, functools.partial):
        return functools.partial(function.func, **function.keywords, **case)
    return functools.partial(function, **case)


if __name__ == "__main__":
    main()
