"""Planted label errors: how many are found, and how many of what is found are errors.

    LANDBRIDGE_DATA=... python benchmarks/label_errors.py

10 % of the labels are changed, to any other class or (pairs) each class to the next one. cleanlab
gets the same probabilities, where it is installed.
"""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import data
from harness import PACKAGES, ran_on, write_result
from landbridge.backbones.open import open_backbone
from landbridge.backbones.store import FeatureStore
from landbridge.base.places import cache_folder
from landbridge.base.seeds import numpy_rng
from landbridge.domains.domain import Domain
from landbridge.domains.hint import input_hint
from landbridge.domains.read import read_domain
from landbridge.methods.heads.out_of_fold import out_of_fold_probabilities
from landbridge.solvers.label_noise.confident_learning import confident_learning
from text import GOODS, _titles, amazon

SHARE, SEEDS, RECALL = 0.1, (0, 1, 2), 0.8
ROWS = 1500


def mnist() -> Domain:
    """Return digits."""
    x, y = data.mnist("train")
    return read_domain((x[:ROWS], y[:ROWS].astype(str)))


def cifar() -> Domain:
    """Return small pictures of ten classes."""
    x, y = data.cifar10("train")
    return read_domain((x[:ROWS], y[:ROWS].astype(str)))


def office() -> Domain:
    """Return photographs from amazon.com."""
    return read_domain(data.root() / "office_caltech10" / "amazon")


def goods() -> Domain:
    """Return reviews by what they are about."""
    texts = [text for kind in GOODS for text in amazon(kind)[0][::8]]
    return read_domain((texts, list(np.repeat(GOODS, len(texts) // len(GOODS)))))


def sentiment() -> Domain:
    """Return reviews of books, good or bad."""
    texts, labels = amazon("books")
    return read_domain((texts[::2], labels[::2].tolist()))


def news() -> Domain:
    """Return titles of Chinese news in ten classes."""
    texts, labels = _titles("dev")
    rows = numpy_rng("news").permutation(len(texts))[:ROWS]
    return read_domain(([texts[i] for i in rows], labels[rows].tolist()))


SETS: dict[str, tuple[Callable[[], Domain], str]] = {
    "MNIST": (mnist, "mobilenet_v2"),
    "CIFAR-10": (cifar, "mobilenet_v2"),
    "Office photographs": (office, "mobilenet_v2"),
    "reviews by goods": (goods, "minilm"),
    "reviews by sentiment": (sentiment, "minilm"),
    "news titles (Chinese)": (news, "minilm"),
}


def features(domain: Domain, name: str) -> np.ndarray:
    """Return frozen features."""
    opened = open_backbone(name, input_hint([domain]), [domain.examples])
    prepared = opened.preprocessing.prepare(domain.examples, cache=cache_folder())
    return np.array(FeatureStore().features(opened, prepared, domain.examples.fingerprint()))


def planted(labels: np.ndarray, n_classes: int, pairs: bool, seed: int) -> np.ndarray:
    """Return labels of which a share is changed."""
    rng = numpy_rng(seed, "planted")
    rows = rng.permutation(len(labels))[: round(SHARE * len(labels))]
    out = labels.copy()
    step = 1 if pairs else rng.integers(1, n_classes, len(rows))
    out[rows] = (labels[rows] + step) % n_classes
    return out


def at_recall(order: np.ndarray, wrong: np.ndarray) -> float:
    """Return the precision where `RECALL` of what is wrong has been met."""
    hits = np.cumsum(wrong[order])
    end = int(np.searchsorted(hits, RECALL * wrong.sum() - 1e-9)) + 1
    return float(hits[end - 1] / end)


def figures(rows: np.ndarray, order: np.ndarray, wrong: np.ndarray) -> dict[str, float]:
    """Return how good suspects and the order of all rows are."""
    hit = float(wrong[rows].sum())
    return {
        "precision": hit / max(1, len(rows)),
        "recall": hit / float(wrong.sum()),
        "precision_at_recall": at_recall(order, wrong),
    }


def peer(p: np.ndarray, labels: np.ndarray, wrong: np.ndarray) -> dict[str, dict[str, float]]:
    """Return the same of cleanlab, in two of its ways; nothing where it is not installed."""
    if importlib.util.find_spec("cleanlab") is None:
        return {}
    module = importlib.import_module("cleanlab.filter")
    rank = importlib.import_module("cleanlab.rank")
    order = np.argsort(rank.get_normalized_margin_for_each_label(labels, p), kind="stable")
    return {
        f"cleanlab, {way}": figures(
            np.flatnonzero(module.find_label_issues(labels, p, filter_by=way, n_jobs=1)),
            *(order, wrong),
        )
        for way in ("confident_learning", "prune_by_noise_rate")
    }


def main() -> None:
    """Plant errors in each set and look for them."""
    packages = PACKAGES + (("cleanlab",) if importlib.util.find_spec("cleanlab") else ())
    result: dict[str, Any] = {
        "name": "label_errors",
        "kind": "label errors",
        "title": "Planted label errors, 10 % of the rows",
        "recall": RECALL,
        "seeds": len(SEEDS),
        **ran_on(packages),
        "sets": {},
    }
    for name, (read, backbone) in SETS.items():
        domain = read()
        x, labels, k = features(domain, backbone), domain.labels, len(domain.classes)
        found: dict[str, Any] = {"rows": len(x), "classes": k, "backbone": backbone, "noise": {}}
        for noise in ("any", "pairs") if k > 2 else ("any",):
            runs: dict[str, list[dict[str, float]]] = {}
            for seed in SEEDS:
                given = planted(labels, k, noise == "pairs", seed)
                wrong = given != labels
                clock = time.process_time()
                p = out_of_fold_probabilities(x, given, k, seed)
                ours = confident_learning(p, given)
                seconds = time.process_time() - clock
                order = np.argsort(-ours.margin, kind="stable")
                own = {**figures(ours.rows, order, wrong), "cpu_s": seconds}
                runs.setdefault("ours", []).append(own)
                for way, one in peer(p, given, wrong).items():
                    runs.setdefault(way, []).append(one)
            found["noise"][noise] = runs
            print(name, noise, runs["ours"], flush=True)
        result["sets"][name] = found
    write_result("label_errors", result)


if __name__ == "__main__":
    main()
