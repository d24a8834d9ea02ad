"""Groups without labels: which way of grouping, how many groups, and what the backbone is worth.

    LANDBRIDGE_DATA=... python benchmarks/clustering.py

Real data whose classes are known, and kept for judging. Every way gets the right number of groups;
apart from that, the number is looked for: by halves of the data (ours), by the silhouette
(scikit-learn, k-means), and by the Bayesian information criterion of the same mixture.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture

import data
import harness
from landbridge.base.events import SILENT
from landbridge.base.threads import threads
from landbridge.clustering.base import CLUSTERINGS
from landbridge.clustering.compress import counted
from landbridge.clustering.find import find_groups
from landbridge.clustering.gaussian_mixture import GaussianMixtureGroups
from landbridge.clustering.inputs import make_encoder, raw_inputs
from landbridge.clustering.stability import candidates
from landbridge.domains.domain import Domain
from landbridge.domains.hint import input_hint
from landbridge.domains.read import read_domain
from landbridge.verdict.partition import matched, mutual_information
from sound import digits
from text import GOODS, amazon

SEEDS = 3
PLAIN = "k-means, features as they are (scikit-learn)"
RAW = "gaussian-mixture on raw inputs"


def sets() -> Iterator[tuple[str, Domain, str]]:
    """Yield a name, rows with their classes, and a backbone."""
    weights = f"mobilenet_v2:{data.root() / 'weights' / 'mobilenet_v2-imagenet1k.safetensors'}"
    for name in ("amazon", "webcam"):
        folder = data.root() / "office_caltech10" / name
        yield f"office, {name}", read_domain(folder), weights
    yield "ants and bees", read_domain(data.root() / "hymenoptera"), weights
    x, y = data.cifar10("test")
    yield "CIFAR-10, 2,000 rows", read_domain((x, y.astype(str))), weights
    texts = [text for goods in GOODS for text in amazon(goods)[0][::4]]
    kinds = [goods for goods in GOODS for _ in amazon(goods)[0][::4]]
    frame = pd.DataFrame({"text": texts, "kind": kinds})
    yield "reviews of four goods", read_domain(frame, text="text", label="kind"), "minilm"
    yield "spoken digits", digits(), "speech_embedding"
    x, y = data.usps("test")
    yield "USPS, nothing pretrained", read_domain((x, y.astype(str))), "convnet"


def measure(domain: Domain, backbone: str) -> dict[str, Any]:
    """Return agreement with the classes by way of grouping, and the numbers that were found."""
    hint, truth = input_hint([domain]), domain.labels
    k = len(np.unique(truth))
    encoder = make_encoder(
        backbone,
        hint,
        [domain.examples],
        seed=0,
        options=None,
        epochs=None,
        device=torch.device("cpu"),
        folder=None,
        offline=True,
    )
    x = encoder.features(domain.examples, torch.device("cpu"), SILENT)
    raw = raw_inputs(hint, domain.examples, seed=0)
    assert raw is not None
    ways: dict[str, list[np.ndarray]] = {PLAIN: [], RAW: []}
    for seed in range(SEEDS):
        ways[PLAIN].append(KMeans(k, n_init=10, random_state=seed).fit_predict(x))
        found = find_groups(GaussianMixtureGroups(), [raw[1]], (k, k), seed)
        ways[RAW].append(found.groups.assign(found.compression.apply(raw[1])))
        for name in CLUSTERINGS:
            found = find_groups(CLUSTERINGS.get(name)(), [x], (k, k), seed)
            own = found.groups.assign(found.compression.apply(x))
            ways.setdefault(name, []).append(own)
    return {
        "rows": len(x),
        "classes": k,
        "backbone": encoder.identity.name.partition(":")[0],
        "ways": {
            name: {
                "ami": [round(mutual_information(truth, g), 4) for g in groups],
                "accuracy": [round(matched(truth, g), 4) for g in groups],
            }
            for name, groups in ways.items()
        },
        **numbers_of(x, truth),
    }


def numbers_of(x: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Return how many groups are found, and how far they and each plateau agree with classes."""
    clock = time.process_time()
    clustering = GaussianMixtureGroups()
    whole = find_groups(clustering, [x], (2, 25), 0)
    seconds = time.process_time() - clock
    places = whole.compression.apply(x)
    z = counted(whole.rows)
    tried = candidates(len(z))

    def agreement(k: int) -> float:
        return round(mutual_information(truth, whole.at(clustering, k, 0).assign(places)), 4)

    return {
        "number": {
            "halves": len(whole.groups),
            "best": max(whole.tried, key=lambda one: one.gain).groups,
            "silhouette": max(tried, key=lambda n: _silhouette(z, n)),
            "BIC": min(tried, key=lambda n: _bic(z, n)),
            "gains": {str(one.groups): round(one.gain, 4) for one in whole.tried},
            "plateaus": [
                level.facts() | {"ami": agreement(level.taken.groups)} for level in whole.plateaus
            ],
        },
        "ami_with_that_number": agreement(len(whole.groups)),
        "ami_with_the_best": agreement(max(whole.tried, key=lambda one: one.gain).groups),
        "cpu_s": round(seconds, 1),
    }


def _silhouette(x: np.ndarray, k: int) -> float:
    return float(silhouette_score(x, KMeans(k, n_init=4, random_state=0).fit_predict(x)))


def _bic(x: np.ndarray, k: int) -> float:
    return float(GaussianMixture(k, covariance_type="tied", random_state=0).fit(x).bic(x))


def main() -> None:
    """Measure every set, going on where an earlier call stopped."""
    path = harness.RESULTS / "clustering.json"
    result: dict[str, Any] = {"name": "clustering", "kind": "clustering", "sets": {}}
    if path.exists():
        result["sets"] = json.loads(path.read_text("utf-8"))["sets"]
    result["title"] = "Groups without labels, beside the classes"
    result |= {"seeds": SEEDS, **harness.ran_on()}
    for name, domain, backbone in sets():
        if name in result["sets"]:
            continue
        with threads(1):
            result["sets"][name] = measure(domain, backbone)
        print(name, json.dumps(result["sets"][name]["number"])[:90], flush=True)
        path.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
