"""Weights of source rows, against skada and ADAPT: KLIEP with its cross-validation, KMM, uLSIF.

    PYTHONPATH=src python benchmarks/reweighting.py [kliep kmm ulsif]

Features have variances 1/j, as a network's features have; the target is shifted and narrower. All
get the same rows in float64, the same kernel widths to choose from (KMM: the same width) and 100
centres. Time does not say what was reached, so each method's weights are judged afterwards, by the
same code for all:

- KLIEP: the mean log ratio of target rows that was found (mean ratio 1 over source rows), and how
  far it is under the optimum for that method's own centres and width.
- KMM: the objective, half the squared distance of the kernel means but for a constant; and how far
  it is above the optimum, known to 1e-7. ADAPT solves parts of 1,000 rows (its default; all 4,000
  at once would take hours and its weights would still be those of the same program).
- uLSIF: the chosen width and strength, and how well the weights match the true ratio.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import harness

N = 4000
MULTIPLES = tuple(float(2.0**p) for p in np.arange(-3, 2.25, 0.5))
ALPHAS = tuple(float(10.0**p) for p in np.arange(-4, 1.25, 0.5))
UPPER = 1000.0


def rows(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return source and target rows, float64 (N, d)."""
    rng = np.random.default_rng(0)
    scale = np.arange(1, d + 1) ** -0.5
    source, target = rng.normal(size=(N, d)), rng.normal(size=(N, d))
    return source * scale, (0.8 * target + 1 / np.sqrt(min(d, 10))) * scale


def true_log_ratio(x: np.ndarray) -> np.ndarray:
    """Return log of the density ratio that the rows were drawn from, but for a constant."""
    d = x.shape[1]
    z = x / np.arange(1, d + 1) ** -0.5
    return 0.5 * (z**2 - ((z - 1 / np.sqrt(min(d, 10))) / 0.8) ** 2).sum(1)


def median(xs: np.ndarray, xt: np.ndarray) -> float:
    from landbridge.solvers.kernels.gaussian_kernel import median_distance

    return median_distance(xs, xt)


def gammas(xs: np.ndarray, xt: np.ndarray) -> list[float]:
    """Return the widths as scikit-learn's γ = 1 / (2 σ²)."""
    return [float(1 / (2 * (m * median(xs, xt)) ** 2)) for m in MULTIPLES]


def stacked(xs: np.ndarray, xt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([xs, xt]), np.repeat([1, -2], [len(xs), len(xt)])


# What is measured: each writes what it found to `out`, to be judged later. --------------------


def skada_kliep(d: int, out: str) -> harness.Work:
    from skada._reweight import KLIEPReweightAdapter

    xs, xt = rows(d)
    x, domain = stacked(xs, xt)
    choices = gammas(xs, xt)

    def work() -> dict[str, Any]:
        model = KLIEPReweightAdapter(gamma=choices, random_state=0).fit(x, sample_domain=domain)
        np.savez(
            out, centres=model.centers_, coefficients=model.alpha_.ravel(), gamma=model.best_gamma_
        )
        return {}

    return work


def adapt_kliep(d: int, out: str) -> harness.Work:
    from adapt.instance_based import KLIEP

    xs, xt = rows(d)
    choices = gammas(xs, xt)

    def work() -> dict[str, Any]:
        model = KLIEP(Xt=xt, kernel="rbf", gamma=choices, random_state=0, verbose=0)
        model.fit_weights(xs, xt)
        gamma = model.best_params_["gamma"]
        np.savez(out, centres=model.centers_, coefficients=model.alphas_.ravel(), gamma=gamma)
        return {}

    return work


def landbridge_kliep(d: int, out: str) -> harness.Work:
    from landbridge.solvers.density_ratio.kliep import kliep

    xs, xt = rows(d)
    widths = np.array(MULTIPLES) * median(xs, xt)

    def work() -> dict[str, Any]:
        fit = kliep(xs, xt, bandwidths=widths)
        ratio = fit.ratio
        np.savez(
            out,
            centres=ratio.centres,
            coefficients=np.exp(ratio.log_coefficients),
            gamma=0.5 / ratio.bandwidth**2,
        )
        return {}

    return work


def skada_kmm(d: int, out: str) -> harness.Work:
    from skada._reweight import KMMReweightAdapter

    xs, xt = rows(d)
    x, domain = stacked(xs, xt)
    gamma = 0.5 / median(xs, xt) ** 2

    def work() -> dict[str, Any]:
        model = KMMReweightAdapter(gamma=gamma, B=UPPER).fit(x, sample_domain=domain)
        np.savez(out, weights=model.source_weights_)
        return {}

    return work


def adapt_kmm(d: int, out: str) -> harness.Work:
    from adapt.instance_based import KMM

    xs, xt = rows(d)
    gamma = 0.5 / median(xs, xt) ** 2

    def work() -> dict[str, Any]:
        model = KMM(Xt=xt, kernel="rbf", gamma=gamma, B=UPPER, random_state=0, verbose=0)
        np.savez(out, weights=model.fit_weights(xs, xt))
        return {}

    return work


def landbridge_kmm(d: int, out: str, dtype: str = "float64") -> harness.Work:
    from landbridge.solvers.density_ratio.kmm import kmm

    xs, xt = (x.astype(dtype) for x in rows(d))
    width = median(xs, xt)

    def work() -> dict[str, Any]:
        fit = kmm(xs, xt, bandwidth=width, upper=UPPER)
        np.savez(out, weights=fit.weights.astype(np.float64) * fit.mean)
        return {}

    return work


def adapt_ulsif(d: int, out: str) -> harness.Work:
    from adapt.instance_based import RULSIF

    xs, xt = rows(d)
    choices = gammas(xs, xt)

    def work() -> dict[str, Any]:
        model = RULSIF(
            Xt=xt,
            kernel="rbf",
            alpha=0.0,
            gamma=choices,
            lambdas=list(ALPHAS),
            random_state=0,
            verbose=0,
        )
        weights = model.fit_weights(xs, xt)
        chosen = model.best_params_
        np.savez(out, weights=weights, gamma=chosen["k"]["gamma"], strength=chosen["lamb"])
        return {}

    return work


def landbridge_ulsif(d: int, out: str) -> harness.Work:
    from landbridge.solvers.density_ratio.ulsif import ulsif

    xs, xt = rows(d)
    widths = np.array(MULTIPLES) * median(xs, xt)

    def work() -> dict[str, Any]:
        fit = ulsif(xs, xt, bandwidths=widths, alphas=ALPHAS)
        np.savez(out, weights=fit.weights, gamma=0.5 / fit.bandwidth**2, strength=fit.strength)
        return {}

    return work


# Judging, the same for all --------------------------------------------------------------------


def judged_kliep(d: int, found: Any) -> dict[str, Any]:
    from landbridge.solvers.kernels.gaussian_kernel import squared_distances
    from landbridge.solvers.label_shift.mixture_proportions import mixture_proportions

    xs, xt = rows(d)
    gamma = float(found["gamma"])
    to_t = np.exp(-gamma * squared_distances(xt, found["centres"]))
    mass = np.exp(-gamma * squared_distances(xs, found["centres"])).mean(0)
    a = found["coefficients"] / (mass @ found["coefficients"])
    reached = float(np.log(np.maximum(to_t @ a, 1e-300)).mean())
    best = mixture_proportions(to_t / mass, tolerance=1e-10).log_likelihood
    return {
        "width / median": round((0.5 / gamma) ** 0.5 / median(xs, xt), 3),
        "mean log ratio": round(reached, 4),
        "under the optimum": float(f"{max(best - reached, 0.0):.1e}"),
    }


def judged_kmm(d: int, found: Any) -> dict[str, Any]:
    value = kmm_objective(d)
    w = found["weights"]
    return {
        "objective": round(value(w), 6),
        "above the optimum": float(f"{max(value(w) - kmm_optimum(d), 0.0):.1e}"),
        "effective rows": round(float(w.sum() ** 2 / (w @ w)), 1),
    }


@functools.cache
def kmm_objective(d: int) -> Any:
    from landbridge.solvers.kernels.gaussian_kernel import gaussian_gram, squared_distances

    xs, xt = rows(d)
    width = median(xs, xt)
    gram = gaussian_gram(xs, width)
    across = np.exp(squared_distances(xs, xt) * (-0.5 / width**2)).mean(1)
    return lambda w: float(0.5 * w @ gram @ w / N**2 - w @ across / N)


@functools.cache
def kmm_optimum(d: int) -> float:
    from landbridge.solvers.density_ratio.kmm import kmm

    xs, xt = rows(d)
    fit = kmm(xs, xt, bandwidth=median(xs, xt), upper=UPPER, tolerance=1e-7, max_steps=10_000)
    return kmm_objective(d)(fit.weights * fit.mean)


def judged_ulsif(d: int, found: Any) -> dict[str, Any]:
    xs, xt = rows(d)
    truth = true_log_ratio(xs)
    truth = np.exp(truth - truth.max())
    both = np.corrcoef(found["weights"], truth)
    return {
        "width / median": round((0.5 / float(found["gamma"])) ** 0.5 / median(xs, xt), 3),
        "strength": float(f"{float(found['strength']):.2g}"),
        "correlation with the truth": round(float(both[0, 1]), 4),
    }


CASES = {
    "kliep": (
        "KLIEP, 11 widths × 5 folds",
        judged_kliep,
        {"skada": skada_kliep, "adapt": adapt_kliep},
        {"Landbridge": landbridge_kliep},
    ),
    "kmm": (
        "KMM",
        judged_kmm,
        {"skada": skada_kmm, "adapt": adapt_kmm},
        {
            "Landbridge, float32 rows": functools.partial(landbridge_kmm, dtype="float32"),
            "Landbridge": landbridge_kmm,
        },
    ),
    "ulsif": (
        "uLSIF, 11 widths × 11 strengths",
        judged_ulsif,
        {"adapt": adapt_ulsif},
        {"Landbridge": landbridge_ulsif},
    ),
}
TITLES = {"skada": "skada", "adapt": "ADAPT"}


def main() -> None:
    wanted = sys.argv[1:] or list(CASES)
    packages = list(harness.PACKAGES)
    for peer in TITLES:
        if importlib.util.find_spec(peer) is None:
            print(f"{peer} is not installed: left out", flush=True)
        else:
            packages.append(peer)
    for case in wanted:
        title, judged, peers, ours = CASES[case]
        rivals = {TITLES[p]: f for p, f in peers.items() if p in packages} | ours
        for d in (512, 10):
            with tempfile.TemporaryDirectory() as folder:
                files = {label: str(Path(folder) / f"{i}.npz") for i, label in enumerate(rivals)}
                name = f"reweighting_{case}_{N}x{d}"
                result = harness.measure(
                    name,
                    {
                        label: functools.partial(function, d=d, out=files[label])
                        for label, function in rivals.items()
                    },
                    title=f"{title}: {N:,} × {d} a side",
                    packages=tuple(packages),
                )
                for row in result["rows"]:
                    row["figures"] = judged(d, np.load(files[row["label"]]))
                    print(row["label"], row["cpu_s"], row["ratio"], row["figures"], flush=True)
            text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
            (harness.RESULTS / f"{name}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
