"""A run folder as a real run would leave it, for tests of the report: the figures are made up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fake_files import CHOSEN, plain_files, write_log

from landbridge.base.files import write_json
from landbridge.insight import MapSide, build_map, changed_examples

ACCURACY = {
    "infomax+consistency": 0.93,
    "source-only": 0.84,
    "frozen-probe": 0.79,
    "from-scratch": 0.71,
}


def fake_run(
    folder: Path,
    *,
    classes: Sequence[str] = tuple("0123456789"),
    rows: int = 600,
    seeds: int = 3,
    kind: str = "judged",
    accuracy: dict[str, float] | None = None,
    with_map: bool = True,
) -> Path:
    """Write a run folder and return it."""
    from sklearn.datasets import load_digits

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    classes = [str(c) for c in classes]
    k = len(classes)
    accuracy = accuracy or ACCURACY
    digits = load_digits()
    pick = rng.integers(0, len(digits.images), rows)
    truth = digits.target[pick] if k == 10 else rng.integers(0, k, rows)
    images = (digits.images[pick] * 15.9).astype(np.uint8)
    hard = rng.beta(1.2, 1.2, k) * 0.6 + 0.7
    answers = _answers(rng, truth, hard, accuracy, seeds, k)
    label_free = kind == "label-free"
    write_table(folder, answers, truth, classes, rows, label_free)
    write_json(folder / "labels.json", {"classes": classes})
    write_json(folder / "verdict.json", verdict(answers, truth, kind, seeds, rows))
    plain_files(folder, classes, rows, seeds, label_free)
    write_log(folder, rng, seeds)
    first = {m: answers[m, 0][0] for m in accuracy}
    if with_map:
        X = (
            digits.data[pick]
            if k == 10
            else rng.normal(size=(k, 40))[truth] + rng.normal(size=(rows, 40))
        )
        centre = np.stack([X[truth == c].mean(0) if (truth == c).any() else X[0] for c in range(k)])
        half = rows // 2
        before = X + np.where(np.arange(rows) < half, 0, 6.0 if k == 10 else 2.0)[
            :, None
        ] * rng.normal(size=X.shape[1])
        after = X + 0.8 * centre[truth]
        name = [classes[t] for t in truth]

        def side(part: slice, known: bool) -> MapSide:
            return MapSide(
                before[part],
                after[part],
                range(*part.indices(rows)),
                name[part] if known else None,
                [classes[p] for p in first["source-only"][part]],
                [classes[p] for p in first[CHOSEN][part]],
            )

        write_json(
            folder / "map.json",
            build_map(side(slice(0, half), True), side(slice(half, rows), not label_free), seed=0),
        )
    if not label_free:
        labelled = [classes[t] for t in truth]
        write_json(
            folder / "examples.json",
            changed_examples(
                [classes[p] for p in first["source-only"]],
                [classes[p] for p in first[CHOSEN]],
                labelled,
                answers[CHOSEN, 0][1].max(1).tolist(),
                range(rows),
                [f"img/{i:05d}.png" for i in range(rows)],
                lambda row: images[row],
                reference="source-only",
                chosen=CHOSEN,
            ),
        )
    return folder


def _answers(
    rng: Any, truth: Any, hard: Any, accuracy: dict[str, float], seeds: int, k: int
) -> dict[Any, Any]:
    from scipy.stats import norm

    found = {}
    luck = rng.normal(size=len(truth))
    for method, mean in accuracy.items():
        for seed in range(seeds):
            chance = np.clip(
                1 - (1 - mean - rng.normal(0, 0.006)) * hard[truth] / hard.mean(), 0.02, 0.995
            )
            right = norm.cdf(0.8 * luck + 0.6 * rng.normal(size=len(truth))) < chance
            wrong = (truth + rng.choice([1, 1, 1, 2, 3, k - 1], len(truth))) % k
            predicted = np.where(right, truth, wrong)
            sure = np.clip(
                rng.beta(9, 0.6, len(truth)) - 0.25 * ~right * rng.random(len(truth)),
                1 / k + 0.05,
                0.999,
            )
            probability = np.repeat(((1 - sure) / max(1, k - 1))[:, None], k, 1)
            probability[np.arange(len(truth)), predicted] = sure
            found[method, seed] = (predicted, probability)
    return found


def write_table(
    folder: Path, answers: Any, truth: Any, classes: list[str], rows: int, label_free: bool
) -> None:
    """Write predictions.parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for (method, seed), (predicted, probability) in answers.items():
        none = [None] * rows
        tables.append(
            pa.table(
                {
                    "row": pa.array(range(rows), pa.int64()),
                    "name": pa.array([f"img/{i:05d}.png" for i in range(rows)]),
                    "method": pa.array([method] * rows),
                    "role": pa.array(["chosen" if method == CHOSEN else "baseline"] * rows),
                    "seed": pa.array([seed] * rows, pa.int64()),
                    "predicted": pa.array([classes[p] for p in predicted]),
                    "true": pa.array(
                        none if label_free else [classes[t] for t in truth], pa.string()
                    ),
                    "correct": pa.array(
                        none if label_free else (predicted == truth).tolist(), pa.bool_()
                    ),
                    "probability": pa.array(
                        probability.astype(np.float32).tolist(), pa.list_(pa.float32())
                    ),
                }
            )
        )
    pq.write_table(pa.concat_tables(tables), folder / "predictions.parquet")


def verdict(answers: Any, truth: Any, kind: str, seeds: int, rows: int) -> dict[str, Any]:
    """Return a verdict.json whose figures are those of the table."""
    methods = list(dict.fromkeys(method for method, _ in answers))
    label_free = kind == "label-free"
    hits = {m: np.stack([answers[m, s][0] == truth for s in range(seeds)]) for m in methods}
    what = {
        CHOSEN: "adapted to the unlabelled target",
        "source-only": "trained on the source, used as it is",
        "frozen-probe": "a linear head on the backbone",
        "from-scratch": "no transfer at all",
    }

    def figure(m: str) -> dict[str, Any]:
        role = "chosen" if m == CHOSEN else "baseline"
        if label_free:
            scores = {
                "ClassAMI": 0.5 + 0.4 * hits[m].mean(),
                "InfoMax": 1.2 * hits[m].mean(),
                "EnsV": hits[m].mean(),
            }
            return {
                "method": m,
                "role": role,
                "what": what.get(m, m),
                "mean": None,
                "low": None,
                "high": None,
                "per_seed": [],
                "figures": {k: round(float(v), 4) for k, v in scores.items()},
            }
        mean = float(hits[m].mean())
        half = 1.96 * (mean * (1 - mean) / rows) ** 0.5
        return {
            "method": m,
            "role": role,
            "what": what.get(m, m),
            "mean": mean,
            "low": mean - half,
            "high": min(1.0, mean + half),
            "per_seed": hits[m].mean(1).tolist(),
        }

    def diff(m: str) -> dict[str, float]:
        from scipy.stats import norm

        each = hits[CHOSEN].mean(0) - hits[m].mean(0)
        mean, half = float(each.mean()), 1.96 * float(each.std()) / rows**0.5
        return {
            "mean": mean,
            "low": mean - half,
            "high": mean + half,
            "p": float(2 * norm.sf(abs(mean) / (half / 1.96))),
        }

    chosen, base = figure(CHOSEN), [figure(m) for m in methods if m != CHOSEN]
    d = diff("source-only")
    outcome = "helped" if d["low"] > 0 else "hurt" if d["high"] < 0 else "can't tell"
    sentences = {
        "helped": "The transfer helped: out of 100 target examples the adapted model gets about "
        f"{100 * d['mean']:.0f} more right than the source model used as it is.",
        "hurt": "The transfer hurt: out of 100 target examples the adapted model gets about "
        f"{-100 * d['mean']:.0f} more wrong than the source model used as it is.",
        "can't tell": "We can't tell whether the transfer helped: the difference is smaller than "
        "chance allows with these labels.",
    }
    result = {
        "kind": kind,
        "outcome": outcome,
        "sentence": sentences[outcome],
        "metric": "accuracy",
        "reference": "source-only",
        "judged_rows": rows,
        "seeds": list(range(seeds)),
        "seeds_note": "",
        "chosen": chosen,
        "baselines": base if label_free else [{**b, "difference": diff(b["method"])} for b in base],
        "difference": d,
        "labels_to_settle": None,
        "assumption": None,
        "calibration": {"ece": 0.0312, "brier": 0.1274, "log_loss": 0.2719},
        "unseen_classes": [],
    }
    if label_free:
        result |= {
            "outcome": "can't tell",
            "difference": None,
            "labels_to_settle": 140,
            "calibration": None,
            "sentence": "Without labels we can't tell; the evidence favours the adapted model.",
            "assumption": "the classes are about as frequent in the target as in the source",
        }
    return result
