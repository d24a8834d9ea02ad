"""Whoever says helped or hurt says it the right way round, whatever the score counts."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from landbridge.clustering.outcome import outcome
from landbridge.clustering.stability import Agreement
from landbridge.domains.read import read_domain
from landbridge.domains.sealed import SealedLabels
from landbridge.metrics.intervals import Interval
from landbridge.multi_task.read import OneTask
from landbridge.multi_task.verdicts import task_verdict
from landbridge.runs.new_data import compared
from landbridge.structured.base import Example, Metric
from landbridge.structured.evaluation import evaluate_predictions as judge_structured
from landbridge.targets.codec import TargetCodec
from landbridge.verdict.evaluate import Predicted, evaluate_predictions
from landbridge.verdict.partition import evaluate_groups
from landbridge.verdict.records import Verdict
from landbridge.verdict.without_labels import cross_validated_verdict

N = 120
TRUE = np.arange(N) % 3
NUMBERS = np.linspace(10, 50, N)
SETS = [("a",) if i % 2 else ("a", "b") for i in range(N)]


def right(share: float) -> np.ndarray:
    return np.arange(N) * 7 % N < share * N


def probabilities(share: float) -> np.ndarray:
    said = np.where(right(share), TRUE, (TRUE + 1) % 3)
    return np.eye(3)[said] * 0.8 + 0.2 / 3


def numbers(share: float) -> np.ndarray:
    """Return numbers that are nearer to the truth the larger the share is."""
    return (NUMBERS + np.where(np.arange(N) % 2, 5, -5) * (1.2 - share))[:, None]


def labels(share: float) -> np.ndarray:
    wanted = np.array([[1, len(row) > 1] for row in SETS], float)
    return np.abs(wanted - ~right(share)[:, None] * 0.7)


class Said(NamedTuple):
    """What is said of our figure and the reference's."""

    outcome: str
    gap: Interval | None
    ours: float
    theirs: float
    sentence: str


def said_of(found: Verdict) -> Said:
    values = (found.chosen.score.value, found.baselines[0].score.value)
    return Said(found.outcome, found.difference, *values, found.sentence)


def judged(answers: str) -> Callable[[float, float], Said]:
    values = {"multiclass": probabilities, "regression": numbers, "multilabel": labels}[answers]
    names: dict[str, list[Any]] = {
        "multiclass": [f"c{i}" for i in TRUE],
        "regression": NUMBERS.tolist(),
        "multilabel": SETS,
    }
    classes = {"multiclass": ("c0", "c1", "c2"), "regression": ("size",), "multilabel": ("a", "b")}

    def do(ours: float, theirs: float) -> Said:
        said = [
            Predicted("mcc", "chosen", "", (0,), values(ours)[None]),
            Predicted("scratch", "baseline", "", (0,), values(theirs)[None]),
        ]
        sealed = SealedLabels(names[answers])
        found, _ = evaluate_predictions(
            sealed, classes[answers], said, "scratch", target_type=answers
        )  # type: ignore[arg-type]
        return said_of(found)

    return do


def cross_validated(answers: str) -> Callable[[float, float], Said]:
    def do(ours: float, theirs: float) -> Said:
        def scores(share: float) -> np.ndarray:
            own = (
                right(share) if answers == "multiclass" else -np.abs(numbers(share)[:, 0] - NUMBERS)
            )
            return np.tile(own, (2, 1))

        found = cross_validated_verdict(
            chosen="mcc",
            what={},
            correct={"mcc": scores(ours), "scratch": scores(theirs)},
            reference="scratch",
            target_type=answers,  # type: ignore[arg-type]
            scale=float(np.std(NUMBERS)),
        )
        return said_of(found)

    return do


def of_task(kind: str) -> Callable[[float, float], Said]:
    def do(ours: float, theirs: float) -> Said:
        if kind == "multiclass":
            task, truth = OneTask("t", "multiclass", ("c0", "c1", "c2")), TRUE.astype(float)
            outputs = probabilities
        else:
            task, truth = OneTask("t", "regression", (), 30.0, 10.0), (NUMBERS - 30) / 10

            def outputs(share: float) -> np.ndarray:
                return (numbers(share) - 30) / 10

        found = task_verdict(task, truth, [outputs(ours)] * 2, [outputs(theirs)] * 2)
        values = (found.together.value, found.alone)
        return Said(found.outcome, found.difference, *values, found.outcome)

    return do


def structured(higher: bool, whole: bool = False) -> Callable[[float, float], Said]:
    def score(counts: Any) -> float:
        wrong, n = np.sum(counts, axis=0) if whole else counts
        return float(1 - wrong / n if higher else wrong / n)

    metric = Metric("F1" if higher else "WER", lambda a, b: [a != b, 1], score, higher, whole)

    def do(ours: float, theirs: float) -> Said:
        examples = [Example(f"row {i}", int(t)) for i, t in enumerate(TRUE)]
        said = {
            name: np.where(right(share), TRUE, -1).tolist()
            for name, share in (("tuned", ours), ("scratch", theirs))
        }
        found = judge_structured([metric], said, examples)
        values = (one.scores[metric.name] for one in found.models)
        return Said(found.outcome, found.difference, *values, found.sentence)

    return do


def groups(ours: float, theirs: float) -> Said:
    own, other = (np.where(right(share), TRUE, (TRUE * 5 + 1) % 3) for share in (ours, theirs))
    sealed = SealedLabels([f"c{i}" for i in TRUE])
    judged = evaluate_groups(sealed, own, other)
    found = outcome(Agreement(3, np.full(2, 0.9), np.full(2, 0.4)), "convnet", "pixels", judged)
    assert judged.reference is not None
    values = (judged.score.ami.value, judged.reference.ami.value)
    return Said(found.outcome, judged.difference, *values, found.sentence)


def evaluated(answers: str) -> Callable[[float, float], Said]:
    def do(ours: float, theirs: float) -> Said:
        column = [f"c{i}" for i in TRUE] if answers == "multiclass" else NUMBERS.tolist()
        domain = read_domain((np.eye(N), column), target_type=answers)  # type: ignore[arg-type]
        run: Any = SimpleNamespace(
            choice={"method": "mcc"},
            verdict={"reference": "scratch", "baselines": [], "chosen": {"what": ""}},
            model=SimpleNamespace(reading=TargetCodec(answers, domain.classes)),
        )
        values = probabilities if answers == "multiclass" else numbers
        found = compared(run, domain, np.arange(N), values(ours), values(theirs))
        assert found.difference is not None
        assert found.reference is not None
        sign, other = 1 if answers == "multiclass" else -1, found.reference.score.value
        ours_too = other + sign * found.difference.value
        return Said(str(found.outcome), found.difference, ours_too, other, found.sentence)

    return do


BUILDERS: dict[str, tuple[bool, Callable[[float, float], Said]]] = {
    "transfer, classes": (True, judged("multiclass")),
    "transfer, numbers": (False, judged("regression")),
    "transfer, several labels": (True, judged("multilabel")),
    "cross-validated, classes": (True, cross_validated("multiclass")),
    "cross-validated, numbers": (False, cross_validated("regression")),
    "multitask, classes": (True, of_task("multiclass")),
    "multitask, numbers": (False, of_task("regression")),
    "tune, F1": (True, structured(True)),
    "tune, word errors": (False, structured(False)),
    "tune, mean average precision": (True, structured(True, whole=True)),
    "cluster": (True, groups),
    "evaluate, classes": (True, evaluated("multiclass")),
    "evaluate, numbers": (False, evaluated("regression")),
}
"""Whether a higher figure is better, and how the verdict is built."""


@pytest.mark.parametrize("name", BUILDERS)
def test_helped_and_hurt_are_the_right_way_round(name):
    higher, build = BUILDERS[name]
    for ours, theirs, expected in ((0.95, 0.6, "helped"), (0.6, 0.95, "hurt")):
        said, gap, figure, other, sentence = build(ours, theirs)
        assert said == expected
        assert expected in sentence
        assert ("hurt" if expected == "helped" else "helped") not in sentence
        saved = (figure - other) * (1 if higher else -1)
        assert gap is not None
        assert gap.value == pytest.approx(saved)
        assert (gap.value > 0) == (expected == "helped")
        assert gap.low < gap.value < gap.high
        assert gap.low * gap.high > 0


@pytest.mark.parametrize("name", BUILDERS)
def test_no_difference_is_not_told(name):
    said, gap, figure, other, sentence = BUILDERS[name][1](0.8, 0.8)
    assert said == "can't tell"
    assert figure == pytest.approx(other)
    assert gap is not None
    assert gap.low < 0 < gap.high
    assert "Transfer helped" not in sentence
    assert "Transfer hurt" not in sentence
