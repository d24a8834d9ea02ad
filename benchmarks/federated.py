"""Clients that keep their rows: what each gains by learning together, alone and pooled.

    LANDBRIDGE_DATA=... python benchmarks/federated.py [TASK ...]

Heart disease by hospital, spoken digits by speaker, reviews by kind of goods, and handwritten
digits of three kinds as unlike clients. Each of three seeds draws other rows to judge. One more
question is asked of the spoken digits: what one speaker of six does who lies, or falls silent.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

import data
import harness
from feature_tasks import hospital
from heart import HOSPITALS
from landbridge.base.events import SILENT
from landbridge.base.threads import threads
from landbridge.federated.aggregations.base import AGGREGATIONS
from landbridge.federated.arrays import Arrays
from landbridge.federated.choice import choose_kept
from landbridge.federated.clients import Together, read_clients
from landbridge.federated.federation import Channel, direct
from landbridge.federated.fit import open_encoder
from landbridge.federated.fits import fit_all, outputs_of, prepare
from landbridge.federated.options import FederatedOptions
from landbridge.federated.strategies.base import make_strategy
from landbridge.verdict.clients import ClientVerdict, judge_clients
from text import GOODS, amazon

SEEDS = 3
STRATEGIES = ("one-round", "fedavg", "fedprox", "fedadam", "scaffold", "ditto")
ROUNDS = 30
LEARNING_RATE = 2.0
"""Of clients' steps: rows have a length of about 1, so that cross-entropy goes down up to 4."""


@dataclass(frozen=True)
class Task:
    """Clients' data, and how much of each judges."""

    rows: Callable[[], tuple[Any, Any]]
    test_size: float
    backbone: str = "auto"
    reads: dict[str, Any] = field(default_factory=dict)


def heart() -> tuple[Any, Any]:
    """Return four hospitals' patients."""
    with TemporaryDirectory() as folder:
        return {name: pd.read_csv(hospital(name, Path(folder))) for name in HOSPITALS}, None


def reviews() -> tuple[Any, Any]:
    """Return 400 reviews of each of four kinds of goods."""
    parts = []
    for goods in GOODS:
        texts, labels = amazon(goods)
        some = np.random.default_rng(0).permutation(len(texts))[:400]
        parts.append(
            pd.DataFrame({"text": [texts[i] for i in some], "kind": labels[some], "goods": goods})
        )
    return pd.concat(parts, ignore_index=True), "goods"


def digits() -> tuple[Any, Any]:
    """Return 500 digits each of MNIST, USPS and scikit-learn's scans, as 16 × 16 pixels."""
    from sklearn.datasets import load_digits

    scans = load_digits()
    sides = {
        "MNIST": data.mnist("test"),
        "USPS": data.usps("test"),
        "scans": ((scans.images * 15.9).astype(np.uint8), scans.target),
    }
    x, y, owner = [], [], []
    for name, (images, labels) in sides.items():
        some = np.random.default_rng(0).permutation(len(images))[:500]
        for i in some:
            small = Image.fromarray(images[i]).resize((16, 16), Image.Resampling.BILINEAR)
            x.append(np.asarray(small, np.float32).ravel() / 255)
        y += [str(label) for label in labels[some]]
        owner += [name] * len(some)
    return (np.stack(x), y), owner


def speech() -> tuple[Any, Any]:
    """Return 3,000 spoken digits, by file names."""
    return data.root() / "spoken_digits", "speaker"


TASKS = {
    "heart disease, 4 hospitals": Task(heart, 0.5, "identity", {"label": "num"}),
    "spoken digits, 6 speakers": Task(
        speech,
        0.9,
        "speech_embedding",
        {"pattern": "{label}_{speaker}_{take}", "max_rows": 1200},
    ),
    "reviews, 4 kinds of goods": Task(reviews, 0.85, "minilm", {"label": "kind", "text": "text"}),
    "MNIST, USPS and scans": Task(digits, 0.8, "identity"),
}


def lying(client: str) -> Channel:
    """Let one client send ten times the contrary of what it found."""

    def channel(name: str, number: int, reply: Arrays) -> Arrays | None:
        return {k: -10 * own for k, own in reply.items()} if name == client else reply

    return channel


def silent(client: str) -> Channel:
    """Let one client never reply."""
    return lambda name, number, reply: None if name == client else reply


def together_of(task: Task, rows: Any, clients: Any, seed: int) -> Together:
    """Read and seal a task's clients."""
    return read_clients(
        *(rows, clients, None),
        holdout="stratified",
        test_size=task.test_size,
        seed=seed,
        keep_duplicates=False,
        columns=task.reads,
        events=SILENT,
    )


def measure(
    together: Together,
    encoder: Any,
    said: str,
    seed: int,
    *,
    aggregation: str = "mean",
    channel: Channel = direct,
    folds: int = 3,
) -> tuple[list[ClientVerdict], int, float]:
    """Return the clients' verdicts, bytes that clients sent, and CPU seconds of it together."""
    options = FederatedOptions(said, aggregation, rounds=ROUNDS, folds=folds)
    trainer, rows, tests = prepare(
        *(together, encoder, options, make_strategy(said)),
        *(AGGREGATIONS.get(aggregation)(), 32, LEARNING_RATE, SILENT),
    )
    trainer = replace(trainer, channel=channel)
    begun = time.process_time()
    trainer.fit(rows, seed, "together")
    seconds = time.process_time() - begun
    fits = fit_all(together.clients, rows, trainer, [seed], SILENT)
    kept = choose_kept(together.clients, rows, trainer, folds, seed)
    outputs = [outputs_of(one, tests, rows, fits, kept) for one in together.clients]
    verdicts = judge_clients(outputs, trainer.codec)
    return verdicts, sum(fits.together[0].traffic.up.values()), seconds


def figures(found: Sequence[tuple[list[ClientVerdict], int, float]]) -> dict[str, Any]:
    """Return means over clients and seeds, and how many clients were harmed."""
    judged = [[one for one in verdicts if one.scores] for verdicts, _, _ in found]
    every = [one for verdicts in judged for one in verdicts]

    def mean(name: Callable[[ClientVerdict], float]) -> dict[str, Any]:
        seeds = [float(np.mean([name(one) for one in verdicts])) for verdicts in judged]
        return {"mean": float(np.mean(seeds)), "seeds": seeds}

    gains: dict[str, list[float]] = {}
    for one in every:
        gains.setdefault(one.name, []).append(one.against["local"].value)
    return {
        "together": mean(lambda one: one.scores["federated"].value),
        "alone": mean(lambda one: one.scores["local"].value),
        "pooled": mean(lambda one: one.scores["pooled"].value),
        "kept": mean(lambda one: one.scores[one.kept].value),
        "gains": {name: float(np.mean(own)) for name, own in gains.items()},
        "below": float(np.mean([one.against["local"].value < 0 for one in every])),
        "kept_below": float(
            np.mean([one.scores[one.kept].value < one.scores["local"].value for one in every])
        ),
        "helped": sum(one.outcome == "helped" for one in every),
        "hurt": sum(one.outcome == "hurt" for one in every),
        "verdicts": len(every),
        "bytes": int(np.mean([sent for _, sent, _ in found])),
        "cpu_s": float(np.mean([seconds for _, _, seconds in found])),
    }


def whole(name: str, result: dict[str, Any], save: Callable[[], None]) -> None:
    """Measure a task with every strategy, and where it is asked for with a liar."""
    task = TASKS[name]
    rows, clients = task.rows()
    sides = [together_of(task, rows, clients, seed) for seed in range(SEEDS)]
    place = torch.device("cpu")
    encoders = [
        open_encoder(one, task.backbone, 0, None, True, place, FederatedOptions(), SILENT)
        for one in sides
    ]

    def over_seeds(said: str, **how: Any) -> dict[str, Any]:
        found = [measure(sides[s], encoders[s], said, s, **how) for s in range(SEEDS)]
        own = figures(found)
        print(name, said, how, {k: v for k, v in own.items() if k in ("together", "alone", "kept")})
        return own

    first = sides[0].clients
    own = result["tasks"].setdefault(name, {"strategies": {}, "trouble": {}})
    own["clients"] = {one.name: len(one.learned) for one in first}
    for said in STRATEGIES:
        if said not in own["strategies"]:
            own["strategies"][said] = over_seeds(said)
            save()
    if "speakers" not in name:
        return
    for trouble, channel in (("lies", lying(first[0].name)), ("silent", silent(first[0].name))):
        for aggregation in ("mean", "median", "trimmed-mean", "krum"):
            key = f"{trouble}, {aggregation}"
            if key not in own["trouble"] and not (trouble == "silent" and aggregation != "mean"):
                how = {"aggregation": aggregation, "channel": channel, "folds": 0}
                own["trouble"][key] = over_seeds("fedavg", **how)
                save()


def main() -> None:
    """Measure, going on where an earlier call stopped."""
    path = harness.RESULTS / "federated.json"
    result: dict[str, Any] = {"name": "federated", "kind": "federated", "tasks": {}}
    if path.exists():
        result["tasks"] = json.loads(path.read_text("utf-8"))["tasks"]
    result["title"] = "Clients that keep their rows: together, alone, pooled"
    result |= {"seeds": SEEDS, "rounds": ROUNDS, "learning_rate": LEARNING_RATE, **harness.ran_on()}

    def save() -> None:
        path.write_text(json.dumps(result, indent=1) + "\n", "utf-8")

    with threads(1):
        for name in sys.argv[1:] or TASKS:
            whole(name, result, save)


if __name__ == "__main__":
    main()
