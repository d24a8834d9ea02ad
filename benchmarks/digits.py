"""MNIST <-> USPS, whole sets, target without labels; and the JDA pairs with ten labels a class.

python benchmarks/digits.py [mnist-usps] [usps-mnist] [jda]      # all without arguments
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import data
import runs
from landbridge.base.seeds import numpy_rng
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels

METHODS = ("infomax+consistency", "mcc")


def unlabelled(source: Any, train: Any, test: Any) -> dict[str, Any]:
    """Adapt to unlabelled training rows, judge on the test rows, at the last step."""
    x = np.concatenate([train[0], test[0]])
    y = np.concatenate([train[1], test[1]])
    split = ["train"] * len(train[0]) + ["test"] * len(test[0])
    results = {}
    for method in METHODS:
        domain = read_domain((x, y), split=split, name="target")
        results[method] = runs.run(
            read_domain(source, name="source"),
            domain,
            method=method,
            target_labels="judge",
            budget="2h",
            seeds=3,
        )
        print(method, results[method]["sentence"], f"{results[method]['cpu_s']:.0f} CPU-s")
    return results


def few(name: str, shots: int = 10) -> dict[str, Any]:
    """Ten target labels a class; the rest is unlabelled, and judged."""
    xs, ys, xt, yt = data.jda_pair(name)
    rng = numpy_rng("few labels", name)
    keep = np.zeros(len(yt), bool)
    for value in np.unique(yt):
        keep[rng.choice(np.flatnonzero(yt == value), shots, replace=False)] = True
    results = {}
    for method in ("joint", "mcc", "infomax+consistency"):
        target = keep_labels(read_domain((xt, yt), name="target"), keep)
        results[method] = runs.run(
            read_domain((xs, ys), name="source"), target, method=method, budget="2h", seeds=3
        )
        print(name, method, results[method]["sentence"])
    return results


def main(wanted: list[str]) -> None:
    """Run what is asked for and keep it under results/."""
    if "mnist-usps" in wanted:
        found = unlabelled(data.mnist("train"), data.usps("train"), data.usps("test"))
        runs.save("digits_mnist_usps", "MNIST → USPS, no target label, last step", found)
    if "usps-mnist" in wanted:
        found = unlabelled(data.usps("train"), data.mnist("train"), data.mnist("test"))
        runs.save("digits_usps_mnist", "USPS → MNIST, no target label, last step", found)
    if "jda" in wanted:
        for name in ("USPS_vs_MNIST", "MNIST_vs_USPS"):
            title = f"JDA pair {name.replace('_vs_', ' → ')}, ten target labels a class"
            runs.save(f"digits_jda_{name.lower()}", title, few(name))


if __name__ == "__main__":
    main(sys.argv[1:] or ["mnist-usps", "usps-mnist", "jda"])
