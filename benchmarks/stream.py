"""Test-time adaptation on corrupted CIFAR-10: accuracy over time, and the guard's margin.

LANDBRIDGE_DATA=... python benchmarks/stream.py [over-time] [margin] [batches] [one] [draw] [table]
"""

from __future__ import annotations

import copy
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

import harness
import stream_source as source
from landbridge.backbones.surgery import Network
from landbridge.base.seeds import numpy_rng
from landbridge.domains.modalities.corruptions import (
    CORRUPTIONS,
    corruption_stream,
    rising_and_falling,
)
from landbridge.streaming import Stream
from landbridge.streaming.base import row_entropy
from landbridge.streaming.guard import MARGIN

METHODS = ("adabn", "eata", "sar")
BARE = "bare entropy minimisation"
ORDERS = ("shuffled", "by class")
SEEDS = (0, 1, 2)
EACH = 200
"""Rows at each of the eleven severities of the picture."""
SOME = ("contrast", "gaussian-noise")
"""Corruptions that are tried at other batches than 64, too."""
OTHER_BATCHES = (200, 16)


def ordered(rows: np.ndarray, labels: np.ndarray, order: str, seed: int) -> np.ndarray:
    """Return the rows shuffled, or class after class in an order drawn."""
    rng = numpy_rng("stream", order, seed)
    rows = rng.permutation(rows)
    if order == "shuffled":
        return rows
    return rows[np.argsort(rng.permutation(source.CLASSES)[labels[rows]], kind="stable")]


def answers_of(method: str, network: Network, x: np.ndarray, batch: int) -> dict[str, Any]:
    """Return answers, those before the guard chose, the report and CPU seconds a row.

    Parameters
    ----------
    x : uint8 ndarray (n, h, w, 3)
    """
    stored = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    parts = [stored[i : i + batch] for i in range(0, len(stored), batch)]
    before = time.process_time()
    if method == BARE:
        bare = Bare(network)
        found = np.concatenate([bare.answer(part) for part in parts])
        cpu = time.process_time() - before
        return {"answers": found, "alone": found, "report": {}, "cpu": cpu / len(x)}
    stream = Stream(network, source.PREPROCESSING, [str(i) for i in range(10)], method=method)
    alone: list[np.ndarray] = []
    if stream.guard is not None:
        decide = stream.guard.decide

        def heard(theirs: np.ndarray, ours: np.ndarray) -> Any:
            alone.append(ours.argmax(1))
            return decide(theirs, ours)

        stream.guard.decide = heard  # type: ignore[method-assign]
    found = np.concatenate([stream.predict_stored(part).argmax(1) for part in parts])
    cpu = time.process_time() - before
    return {
        "answers": found,
        "alone": np.concatenate(alone) if alone else found,
        "report": stream.report().to_dict(),
        "cpu": cpu / len(x),
    }


class Bare:
    """Entropy of every row, statistics of the batch alone, no anchor, no reset: a warning.

    As Tent (Wang et al., 2021, ICLR) does it, with its rate for CIFAR-10, Adam at 1e-3.
    """

    def __init__(self, network: Network) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        moving = []
        for norm in self.network.modules():
            if isinstance(norm, nn.modules.batchnorm._BatchNorm):
                norm.train()
                norm.track_running_stats = False
                norm.running_mean = norm.running_var = None
                moving += [norm.weight.requires_grad_(True), norm.bias.requires_grad_(True)]
        self.optimizer = torch.optim.Adam(moving, lr=1e-3)

    def answer(self, rows: np.ndarray) -> np.ndarray:
        logits = self.network(source.PREPROCESSING.encode(torch.from_numpy(rows)))[1]
        self.optimizer.zero_grad()
        row_entropy(logits).mean().backward()
        self.optimizer.step()
        return logits.detach().argmax(1).numpy()


def over_time() -> dict[str, Any]:
    """Return accuracy at each severity of gaussian noise that rises and falls, by order."""
    network, (x, y) = source.source_network(0), source.test_rows()
    severities = [0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0]
    curves: dict[str, Any] = {"severities": severities, "orders": {}}
    for order in ORDERS:
        found: dict[str, Any] = {m: {"curve": [], "cpu": []} for m in ("none", BARE, *METHODS)}
        for seed in SEEDS:
            rng = numpy_rng("stream rows", seed)
            draws = [rng.permutation(len(x))[:EACH] for _ in severities]
            rows = [ordered(rows, y, order, seed) for rows in draws]
            if order == "by class":  # from stretch to stretch another class comes first
                rows = [ordered(r, y, order, 100 * seed + i) for i, r in enumerate(draws)]
            images = np.concatenate(
                [
                    corruption_stream(x[r], "gaussian-noise", np.full(len(r), s), 10 * seed + i)
                    for i, (r, s) in enumerate(zip(rows, severities, strict=True))
                ]
            )
            truth = np.concatenate([y[r] for r in rows])
            for method, kept in found.items():
                got = answers_of(method, network, images, 64)
                right = (got["answers"] == truth).reshape(len(severities), EACH).mean(1)
                kept["curve"].append(right.round(4).tolist())
                kept["cpu"].append(round(1000 * got["cpu"], 3))
                print(order, seed, method, right.round(3), f"{right.mean():.3f}", flush=True)
        curves["orders"][order] = found
    return curves


def streams() -> Iterator[tuple[str, str, str, int, str]]:
    """Yield (corruption, schedule, order, batch, method) for every corruption at batch 64."""
    for kind in CORRUPTIONS:
        for order in ORDERS:
            for method in METHODS:
                yield kind, "once", order, 64, method


def other_batches() -> Iterator[tuple[str, str, str, int, str]]:
    """Yield the same for batches of 200 and 16, where severity rises and falls four times."""
    for batch in OTHER_BATCHES:
        for kind in SOME:
            for order in ORDERS:
                for method in ("adabn", "sar"):
                    yield kind, "four times", order, batch, method


def one_by_one() -> Iterator[tuple[str, str, str, int, str]]:
    """Yield the same for batches of one row."""
    for method in ("adabn", "sar"):
        for order in ORDERS:
            yield "contrast", "once", order, 1, method


def margin(key: str, chosen: Iterator[tuple[str, str, str, int, str]]) -> None:
    """Keep accuracy against the source model's, stream by stream."""
    network, (x, y) = source.source_network(0), source.test_rows()
    out: list[dict[str, Any]] = []
    last, theirs = None, np.zeros(0)
    for kind, schedule, order, batch, method in chosen:
        if (kind, schedule, order) != last:
            last = kind, schedule, order
            rows = ordered(np.arange(len(x)), y, order, len(out))
            times = 4 if schedule == "four times" else 1
            severity = np.resize(rising_and_falling(len(rows) // times), len(rows))
            images, truth = corruption_stream(x[rows], kind, severity, len(out)), y[rows]
            theirs = answers_of("none", network, images, 200)["answers"] == truth
        got = answers_of(method, network, images, batch)
        ours, alone = got["answers"] == truth, got["alone"] == truth
        out.append(
            {
                "corruption": kind,
                "schedule": schedule,
                "order": order,
                "batch": batch,
                "method": method,
                "source": round(float(theirs.mean()), 4),
                "gain": round(float(ours.mean() - theirs.mean()), 4),
                "alone": round(float(alone.mean() - theirs.mean()), 4),
                "fallbacks": got["report"]["fallbacks"],
                "resets": got["report"]["resets"],
                "cpu_ms_a_row": round(1000 * got["cpu"], 3),
            }
        )
        print(out[-1], flush=True)
        keep(key, out)


def keep(key: str, value: Any) -> None:
    """Write one part of results/stream.json and leave the other as it is."""
    path = harness.RESULTS / "stream.json"
    result = json.loads(path.read_text("utf-8")) if path.exists() else {}
    result |= {"name": "stream", "kind": "stream", "title": TITLE, **harness.ran_on()}
    harness.write_result("stream", result | {"margin_stated": MARGIN / 100, key: value})


TITLE = "Corrupted CIFAR-10 as a stream: adaptation at test time"


def main() -> None:
    """Run the parts that are named, or all."""
    import stream_figures
    import stream_table

    torch.set_num_threads(1)
    parts: dict[str, Callable[[], None]] = {
        "over-time": lambda: keep("over_time", over_time()),
        "margin": lambda: margin("streams", streams()),
        "batches": lambda: margin("other_batches", other_batches()),
        "one": lambda: margin("batch_one", one_by_one()),
        "draw": stream_figures.draw,
        "table": lambda: print(stream_table.stream_table(stream_figures.read())),
    }
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
