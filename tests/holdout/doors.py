"""Every way in that learns from rows of which some are kept for judging, on tiny data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tiny_commands
from tiny_commands import call, content, table

import landbridge
from landbridge.artifacts.kinds import KINDS
from landbridge.domains.domain import Domain
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import seal

N = 60
OLD = Path(tiny_commands.__file__).parent / "old"
HELD = np.arange(N) >= 30
SPLIT = np.where(HELD, "test", "train")
EAST = np.arange(N) % 20 < 6
"""Rows of the group that a rule holds out, and the latest ones: it is as large as what is asked."""
PLACES = {"site": np.where(EAST, "east", "west"), "day": np.where(EAST, 9, 1) * 100 + np.arange(N)}
RULES = ("group:site", "time:day")
TRAINING = {"steps": 4, "source_steps": 4, "batch_size": 16, "threads": 1, "precision": "float32"}
TELL = {
    *("verdict.json", "predictions.parquet", "predictions.jsonl", "examples.json"),
    "explained.json",
    *(
        "README.md",
        "report.html",
        "log.jsonl",
        "artifact.json",
        "run.json",
        "cost.json",
        "map.json",
    ),
}
"""Files that may speak of the held-out truth, or of time."""
FACTS = {
    "clusters.json": {"verdict"},
    "multitask.json": {"verdict"},
    "tuned.json": {"verdict"},
    "space.json": {"recall"},
    "federated.json": {"verdict", "outcomes", "harmed", "mean_gain"},
    "config.json": {"data"},
    "plan.json": {"probe_s", "seconds", "cpu_s", "forward_s", "memory_mb"},
}
"""What of other files may: nothing else of them."""


@dataclass(frozen=True)
class Labels:
    """How the labels of held-out rows are given: as they are, exchanged, or as nothing known."""

    how: str = "true"

    def of(self, values: Any, held: np.ndarray = HELD) -> list[Any]:
        """Return labels of which those of the held-out rows are others."""
        given = np.array(values, object)
        rows = np.flatnonzero(held)
        numbers = isinstance(given[0], float)
        if self.how == "permuted":
            order = rows[np.argsort(given[rows].astype(float if numbers else str), kind="stable")]
            given[order] = np.roll(given[order], len(rows) // 2)
            assert (given[rows] != np.array(values, object)[rows]).all()
        elif self.how == "strange":
            rows = rows[np.arange(len(rows)) % 3 > 0]  # all of them would be refused
            given[rows] = [1e9 + i if numbers else f"zebra {i % 3}" for i in range(len(rows))]
        return given.tolist()


@dataclass(frozen=True)
class Outcome:
    """What a call learned, which no held-out label may change; and its figures, which all do."""

    learned: Mapping[str, Any]
    figures: Any


def _folder(path: Path, figures: Any) -> Outcome:
    learned = {name: value for name, value in content(path).items() if name not in TELL}
    for name, tell in FACTS.items():
        if name in learned:
            learned[name] = {k: v for k, v in _facts(learned[name]).items() if k not in tell}
    if "choice.json" in learned:
        learned["choice.json"] = _facts(learned["choice.json"])
        for row in learned["choice.json"].get("candidates", ()):
            row.pop("cpu_s", None)
        learned["data.json"] = _facts(learned["data.json"])
        del learned["data.json"]["target"]["notes"]  # say how many are of classes of no answer
    return Outcome(learned, figures)


def _facts(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else dict(json.loads(value))


def _frame(labels: Labels, held: np.ndarray = HELD, **more: Any) -> Any:
    import pandas as pd

    found = pd.DataFrame(table(N, seed=1))
    for column in ("kind", "size"):
        found[column] = labels.of(found[column].tolist(), held)
    return found.assign(**more)


def _target(labels: Labels, answer: str) -> Domain:
    columns = table(N, seed=1)
    x = np.array([columns[f"x{i}"] for i in range(3)], np.float32).T + 0.5
    return read_domain((x, labels.of(columns[answer])), split=SPLIT, name="target")


def _transfer(policy: str, answer: str, *methods: str) -> Callable[[Labels, Path, Path], Outcome]:
    def do(labels: Labels, data: Path, out: Path) -> Outcome:
        columns = table(N)
        x = np.array([columns[f"x{i}"] for i in range(3)], np.float32).T
        run = landbridge.transfer(
            (x, columns[answer]),
            _target(labels, answer),
            target_labels=policy,
            method="auto" if methods[1:] else methods[0],
            candidates=list(methods) if methods[1:] else None,
            out=out,
            seeds=1,
            training=TRAINING,
        )
        return _folder(out, run.verdict["chosen"]["mean"])

    return do


def _multitask(labels: Labels, data: Path, out: Path) -> Outcome:
    made = call("multitask", data, out, rows=_frame(labels, split=SPLIT), split="split")
    return _folder(out, [(task["together"], task["alone"]) for task in made.verdict])


def _check_rule(rule: str, notes: Sequence[str], groups: int, judged: int) -> None:
    """The rows of the east, all of them and no others, are held out."""
    assert judged == EAST.sum()
    assert f"judged on {judged} of {N} rows, " in notes[0]
    by_group = rule.startswith("group")
    assert ("1 of 2 values of 'site'" if by_group else "those from 900 on by 'day'") in notes[0]
    assert groups == by_group


def _transfer_by(rule: str) -> Callable[[Labels, Path, Path], Outcome]:
    def do(labels: Labels, data: Path, out: Path) -> Outcome:
        target = _frame(labels, EAST, **PLACES)
        how: dict[str, Any] = {"label": "kind", "holdout": rule, "method": "finetune", "seeds": 1}
        run = landbridge.transfer(target=target, drop=["size"], out=out, training=TRAINING, **how)
        notes = [note for note in run.data["target"]["notes"] if note.startswith("judged on")]
        assert run.verdict["judged_rows"] == EAST.sum()
        assert "those from 900 on by 'day'" in notes[0]
        return _folder(out, run.verdict["chosen"]["mean"])

    return do


def _multitask_by(rule: str) -> Callable[[Labels, Path, Path], Outcome]:
    def do(labels: Labels, data: Path, out: Path) -> Outcome:
        made = call("multitask", data, out, rows=_frame(labels, EAST, **PLACES), holdout=rule,
                    drop=[{"group:site": "day", "time:day": "site"}[rule]])  # fmt: skip
        own = made.verdict[0]
        groups, judged = own.get("judged_groups", 0), own["judged_rows"]
        _check_rule(rule, made.facts["holdout"]["notes"], groups, judged)
        for frame in (_frame(labels, EAST, **PLACES), _frame(labels, EAST)):
            there = rule.startswith("group") and "site" in frame
            for one in made.evaluate(frame, keep_duplicates=True)["tasks"]:
                assert one.get("judged_groups", 0) == 2 * there
        return _folder(out, [(task["together"], task["alone"]) for task in made.verdict])

    return do


def _tune_by(rule: str) -> Callable[[Labels, Path, Path], Outcome]:
    def do(labels: Labels, data: Path, out: Path) -> Outcome:
        place = ("rome", "oslo", "lima", "bern")
        tags = {
            "true": ["B-PER", "O", "B-LOC"],
            "permuted": ["O", "B-LOC", "B-PER"],
            "strange": ["B-ZEBRA"] * 3,
        }
        rows = [
            {
                "tokens": ["ada", "in", place[i % 4]],
                "tags": tags[labels.how if EAST[i] else "true"],
                **{name: values[i] for name, values in PLACES.items()},
            }
            for i in range(N)
        ]
        made = call("tune", data, out, rows=rows, keep_duplicates=True, holdout=rule)
        own = made.verdict
        groups = own.get("judged_groups", 0)
        _check_rule(rule, made.facts["notes"], groups, own["judged_rows"])
        return _folder(out, [model["scores"] for model in own["models"]])

    return do


def _align_by_group(labels: Labels, data: Path, out: Path) -> Outcome:
    shapes = [f"a {'square' if i < 16 else 'field'} {i % 3}" for i in range(32)]
    held = np.arange(32) % 4 == 0
    texts = labels.of(shapes, held)
    rows = read_domain({"image": tiny_commands.pictures(), "text": texts})
    rows = replace(rows, holdout_by=tuple(np.where(held, "east", "west").tolist()))
    made = call("align", data, out, rows=rows, holdout="group:site", keep_duplicates=True)
    assert "all those of 1 of 2 values of 'site'" in made.facts["holdout"]["notes"][0]
    assert made.facts["held_out"] == held.sum()
    assert {one["judged_groups"] for one in made.facts["recall"]} == {1}
    every = made.evaluate(rows, keep_duplicates=True)
    assert {one["judged_groups"] for one in every["recall"]} == {2}
    return _folder(out, made.facts["recall"])


def _tune(labels: Labels, data: Path, out: Path) -> Outcome:
    rows = [
        {"tokens": ["ada", "in", place], "tags": ["B-PER", "O", "B-LOC"], "split": split}
        for place in ("rome", "oslo", "lima", "bern")
        for split in ("train", "test") * 3
    ]
    for row in rows:
        if row["split"] == "test" and labels.how != "true":
            row["tags"] = ["O", "B-LOC", "B-PER"] if labels.how == "permuted" else ["B-ZEBRA"] * 3
    made = call("tune", data, out, rows=rows, keep_duplicates=True)
    return _folder(out, [model["scores"] for model in made.verdict["models"]])


def _align(labels: Labels, data: Path, out: Path) -> Outcome:
    """The truth is which text belongs to which picture."""
    shapes = [f"a {'square' if i < 16 else 'field'} {i % 3}" for i in range(32)]
    held = np.arange(32) % 4 == 0
    texts = labels.of(shapes, held)
    split = np.where(held, "test", "train")
    made = call("align", data, out, texts=texts, split=split)
    return _folder(out, made.facts["recall"])


def _federate(labels: Labels, data: Path, out: Path) -> Outcome:
    """Each client holds out its latest rows, those of the east."""
    rows = _frame(labels, EAST, **PLACES).drop(columns=["size", "site"])
    made = call("federate", data, out, rows=rows, holdout="time:day")
    assert [one["judged_rows"] for one in made.verdict] == [9, 9]
    figures = [one["scores"] for one in made.verdict]
    kept = {f"kept by {one['client']}": (one["kept"], one["why"]) for one in made.verdict}
    found = _folder(out, figures)
    return Outcome({**found.learned, **kept}, figures)


def _cluster(labels: Labels, data: Path, out: Path) -> Outcome:
    columns = table(N)
    x = np.array([columns[f"x{i}"] for i in range(3)], np.float32).T
    given = labels.of(np.array(["ant", "bee", "cat"])[np.arange(N) % 3].tolist(), np.ones(N, bool))
    made = call("cluster", data, out, rows=(x, given))
    return _folder(out, made.facts["verdict"]["judged"])


def _merge(labels: Labels, data: Path, out: Path) -> Outcome:
    one = _transfer("use", "kind", "deep-coral")(labels, data, out.with_name("merged one"))
    landbridge.merge([out.with_name("merged one")], method="negate", out=out)
    learned = _folder(out, None).learned
    where = ("merge.json", "choice.json")  # say where the runs are
    return Outcome({k: v for k, v in learned.items() if k not in where}, one.figures)


def _stream(labels: Labels, data: Path, out: Path) -> Outcome:
    import pandas as pd

    from landbridge.runs.stream import stream_data

    run = landbridge.load(OLD / "run")
    columns = table(N, seed=2)
    given = labels.of(columns["kind"], np.ones(N, bool))
    x = {name: columns[name] for name in ("x0", "x1", "x2")}
    found = stream_data(run, pd.DataFrame({**x, "kind": given}), label="kind", batch_size=16)
    return Outcome(
        {"predictions": found["predictions"], "report": found["report"]}, found["accuracy"]
    )


def _rank(labels: Labels, data: Path, out: Path) -> Outcome:
    from landbridge.diagnosis.rank import rank_backbones

    domain = seal(_target(labels, "kind"), "use")
    ranked = rank_backbones(domain, ["identity", "mlp"])[0]
    found = {one.name: str(one.to_dict() | {"ms": 0}) for one in ranked}
    return Outcome({"ranking": found, "classes": domain.classes}, labels.of(table(N)["kind"]))


def _estimator(labels: Labels, data: Path, out: Path) -> Outcome:
    from landbridge import TransferClassifier

    columns, other = table(N), table(N, seed=1)
    x = np.array([columns[f"x{i}"] + other[f"x{i}"] for i in range(3)], np.float32).T
    y = columns["kind"] + labels.of(other["kind"])
    model = TransferClassifier("coral", training=TRAINING)
    domains, labelled = np.repeat([1, -1], N), np.append(np.ones(N, bool), ~HELD)
    model.fit(x, np.array(y, object), sample_domain=domains, labelled=labelled)
    learned = {"classes": model.classes_.tolist(), "p": model.predict_proba(x).tobytes()}
    return Outcome(learned, model.score(x, y))


DOORS: dict[str, Callable[[Labels, Path, Path], Outcome]] = {
    "transfer, labels granted": _transfer("use", "kind", "source-only", "coral", "lp-ft"),
    "transfer, unlabelled": _transfer("judge", "kind", "source-only", "coral", "infomax"),
    "transfer, numbers": _transfer("use", "size", "finetune"),
    "transfer, time:day": _transfer_by("time:day"),  # by groups a draw looks at shares of classes
    "multitask": _multitask,
    **{f"multitask, {rule}": _multitask_by(rule) for rule in RULES},
    "tune": _tune,
    **{f"tune, {rule}": _tune_by(rule) for rule in RULES},
    "align": _align,
    "align, group:site": _align_by_group,
    "federate": _federate,
    "cluster": _cluster,
    "merge": _merge,
    "stream": _stream,
    "rank": _rank,
    "TransferClassifier": _estimator,
}
VERBS = {kind.verb for _, kind in KINDS.items()}
