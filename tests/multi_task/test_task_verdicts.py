"""Every field of a verdict of one task, and how labels become what networks learn, by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from landbridge.base.errors import ConfigError, DataError
from landbridge.base.events import SILENT, Events
from landbridge.domains import read_domain
from landbridge.domains.holdout.sides import Sides
from landbridge.metrics.estimates import mean_interval, paired_interval
from landbridge.multi_task.fit import _sides, _test_rows, _weights
from landbridge.multi_task.model import all_facts, decided, parts, scores_of
from landbridge.multi_task.page import _done, page_of
from landbridge.multi_task.read import OneTask, as_tasks, read_tasks, true_labels
from landbridge.multi_task.samples import _loss
from landbridge.multi_task.verdicts import TaskVerdict, task_verdict

KIND = OneTask("kind", "multiclass", ("ant", "bee", "cat"))
SIZE = OneTask("size", "regression", (), 50.0, 10.0)
N = 60


def outputs(task: OneTask, seed: int, noise: float, truth: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if task.target_type.name == "regression":
        return np.nan_to_num(truth)[:, None] + noise * rng.normal(size=(N, 1))
    return np.eye(3)[np.nan_to_num(truth).astype(int)] + noise * rng.normal(size=(N, 3))


@pytest.mark.parametrize("task", [KIND, SIZE], ids=["classes", "regression"])
@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("with_alone", [True, False])
def test_every_field(task, seeds, with_alone):
    shares = task is KIND
    truth = (np.arange(N) % 3).astype(float) if shares else np.linspace(-2, 2, N)
    truth[[4, 9]] = np.nan
    rest = ~np.isnan(truth)
    together = [outputs(task, s, 0.3 + 0.2 * s, truth) for s in range(seeds)]
    alone = [outputs(task, 10 + s, 1.0, truth) for s in range(seeds)] if with_alone else []
    found = task_verdict(task, truth, together, alone)

    def scores(said: list[np.ndarray]) -> np.ndarray:
        if shares:
            return np.array([x[rest].argmax(1) == truth[rest] for x in said], float)
        return np.array([-10 * np.abs(x[rest, 0] - truth[rest]) for x in said])

    sign = 1 if shares else -1
    how: dict[str, Any] = {"share": shares, "scale": 0.0 if shares else 10 * truth[rest].std()}
    a, own = scores(together), mean_interval(scores(together)[:1], **how)
    expected: dict[str, Any] = {
        "task": task.name,
        "metric": "accuracy" if shares else "mean absolute error",
        "judged_rows": N - 2,
        "together": pytest.approx(sign * own.value),
        "low": pytest.approx(min(sign * own.low, sign * own.high)),
        "high": pytest.approx(max(sign * own.low, sign * own.high)),
        "alone": None,
        "difference": None,
        "outcome": "can't tell",
    }
    if seeds > 1:
        each = sign * a.mean(1)
        expected["over_seeds"] = pytest.approx(
            {"mean": each.mean(), "low": each.min(), "high": each.max()}
        )
    if with_alone:
        gap = paired_interval(a[:1], scores(alone), **how)
        expected["alone"] = pytest.approx(sign * scores(alone).mean())
        expected["difference"] = pytest.approx(
            {"value": gap.value, "low": gap.low, "high": gap.high}
        )
        expected["outcome"] = "helped"
        assert gap.low > 0
    assert found.to_json() == expected
    assert TaskVerdict.from_json(found.to_json()).to_json() == expected


def test_a_task_without_a_judged_label():
    found = task_verdict(KIND, np.full(4, np.nan), [np.zeros((4, 3))], [np.zeros((4, 3))])
    assert found.to_json() == {
        "task": "kind",
        "metric": "accuracy",
        "judged_rows": 0,
        "together": None,
        "alone": None,
        "difference": None,
        "outcome": "can't tell",
    }


def test_equal_errors_have_an_interval_of_the_truth():
    truth = np.linspace(-2, 2, N)
    said = [truth[:, None] + 0.5]
    found = task_verdict(SIZE, truth, said, [truth[:, None] + 0.5])
    assert found.together.value == pytest.approx(5)
    half = 1.96 * 10 * truth.std() * np.sqrt(2 / (N + 2)) / np.sqrt(N + 2)  # in units of the label
    assert (found.together.low, found.together.high) == pytest.approx(
        (5 - half, 5 + half), rel=0.01
    )
    gap = found.difference
    assert gap is not None
    assert (gap.low, gap.high) == pytest.approx((-half, half), rel=0.01)
    (scored,) = scores_of([SIZE], truth[:, None], said[0])
    assert (scored["low"], scored["high"]) == (found.together.low, found.together.high)


def test_scores_of_other_data_and_answers():
    truth = np.array([[0, 0.1], [2, np.nan], [np.nan, -1.0], [-1, 0.0]])
    said = np.array([[3.0, 1, 0, 0.3], [2, 0, 1, 9], [0, 1, 0, -0.6], [0, 1, 0, 0.0]])
    kind, size = scores_of([KIND, SIZE], truth, said)
    right = mean_interval(np.array([1.0, 0.0, 0.0]))
    assert kind == {
        "task": "kind",
        "metric": "accuracy",
        "n": 3,
        "value": pytest.approx(1 / 3),
        "low": pytest.approx(right.low),
        "high": pytest.approx(right.high),
    }
    assert (size["n"], size["value"]) == (3, pytest.approx((2 + 4 + 0) / 3))
    assert 0 <= size["low"] < size["value"] < size["high"]
    nothing = scores_of([KIND], np.full((2, 1), np.nan), said[:2, :3])
    assert nothing == [
        {"task": "kind", "metric": "accuracy", "n": 0, "value": None, "low": None, "high": None}
    ]
    assert decided([KIND, SIZE], said) == [["ant", "ant", "bee", "bee"], [53.0, 140.0, 44.0, 50.0]]
    assert [part.shape for part in parts([SIZE, KIND, SIZE], np.zeros((4, 5)))] == [
        (4, 1),
        (4, 3),
        (4, 1),
    ]
    facts = all_facts([KIND, SIZE], {"seeds": 2})
    assert (facts["format"], facts["sizes"], facts["seeds"]) == (1, [3, 1], 2)
    assert facts["tasks"][1] == {
        "name": "size",
        "kind": "regression",
        "classes": [],
        "mean": 50.0,
        "spread": 10.0,
    }


def test_labels_become_what_networks_learn_and_judges_see():
    n = 12
    learn = np.arange(n) < 8
    kinds = np.array(["ant", "bee", None, "cat"] * 3, object)
    kinds[9] = "zebra"
    sizes = np.array([float(i) + 0.5 for i in range(n)], object)
    sizes[1] = None
    tasks, teach, judge = as_tasks({"kind": kinds, "size": sizes}, learn, n)
    own = np.array([s for s, here in zip(sizes, learn, strict=True) if here and s is not None])
    assert tasks == [
        OneTask("kind", "multiclass", ("ant", "bee", "cat")),
        OneTask("size", "regression", (), pytest.approx(own.mean()), pytest.approx(own.std())),
    ]
    place = {"ant": 0.0, "bee": 1.0, "cat": 2.0, "zebra": -1.0, None: np.nan}
    column = np.array([place[name] for name in kinds])
    numbers = (np.array([np.nan if s is None else s for s in sizes]) - own.mean()) / own.std()
    whole = np.column_stack([column, numbers])
    np.testing.assert_allclose(teach, np.where(learn[:, None], whole, np.nan))
    np.testing.assert_allclose(judge, np.where(learn[:, None], np.nan, whole))
    np.testing.assert_allclose(true_labels(tasks, {"kind": kinds, "size": sizes}, n), whole)
    with pytest.raises(DataError, match=r"has the classes \['a'\]"):
        as_tasks({"x": np.array(["a"] * n, object)}, learn, n)
    constant = np.array([3.5] * 60 + [i / 7 for i in range(60)], object)
    with pytest.raises(DataError, match="no two numbers to tell apart"):
        as_tasks({"x": constant}, np.arange(120) < 60, 120)
    strange = np.array(["yak", "gnu"] * 6, object)
    with pytest.raises(DataError, match="none of the labels of column 'kind' is a class"):
        true_labels(tasks[:1], {"kind": strange}, n)
    with pytest.raises(DataError, match="the label 'ant' is not a number"):
        true_labels(tasks[1:], {"size": kinds}, n)


def rows(n: int, **how: Any) -> Any:
    x = np.random.default_rng(0).normal(size=(n, 2))
    return read_domain(x, labelled=False, name="rows", **how)


def test_which_rows_are_kept_for_judging():
    split = np.where(np.arange(10) % 4 == 0, "test", "train")

    def learn(domain: Any, share: float, seed: int) -> np.ndarray:
        sides = _sides(domain, {}, "stratified", share, seed)
        assert (sides.learn == ~sides.test).all()
        assert (sides.groups, sides.notes) == (None, ())
        return sides.learn

    assert learn(rows(10, split=split), 0.3, 0).tolist() == (split == "train").tolist()
    drawn = learn(rows(40), 0.25, 1)
    assert (~drawn).sum() == 10
    assert (drawn == learn(rows(40), 0.25, 1)).all()
    assert (drawn != learn(rows(40), 0.25, 2)).any()
    assert (~learn(rows(8), 0.01, 0)).sum() == 2
    assert learn(rows(4), 0.1, 0).sum() == 2
    with pytest.raises(DataError, match="rows has 3 rows"):
        learn(rows(3), 0.3, 0)


def test_a_rule_takes_its_share_of_rows_that_have_a_label_and_leaves_no_row_on_both_sides():
    domain = replace(rows(40), holdout_by=tuple(f"P{i // 4}" for i in range(40)))
    labels = {"a": np.array([i if i < 20 else None for i in range(40)], object),
              "b": np.full(40, np.nan)}  # fmt: skip
    sides = _sides(domain, labels, "group:patient", 0.4, 0)
    assert (sides.test[:20].sum(), sides.groups is None) == (8, False)
    assert not {i // 4 for i in np.flatnonzero(sides.test)} & {
        i // 4 for i in np.flatnonzero(sides.learn)
    }
    assert sides.notes == (
        "judged on 8 of 20 rows, all those of 2 of 5 values of 'patient', drawn and held out",
    )
    times = (*map(str, range(38)), None, None)
    sides = _sides(replace(domain, holdout_by=times), labels, "time:day", 0.4, 0)
    assert np.flatnonzero(sides.test).tolist() == list(range(12, 38))
    assert np.flatnonzero(sides.learn).tolist() == list(range(12))
    assert sides.groups is None
    with pytest.raises(DataError, match="no column 'patient'"):
        _sides(rows(40), labels, "group:patient", 0.4, 0)
    split = np.where(np.arange(40) % 4 == 0, "test", "train")
    with pytest.raises(ConfigError, match="without effect: rows has a split of its own"):
        _sides(rows(40, split=split), labels, "group:patient", 0.4, 0)


def test_intervals_go_by_groups_that_have_a_label():
    truth = np.repeat([0.0, 1.0, np.nan], 20)
    groups = np.arange(60) // 4
    said = [np.repeat(np.eye(3)[[0, 0, 1]], 20, axis=0)]
    plain, grouped = (
        task_verdict(KIND, truth, said, [1 - said[0]], some) for some in (None, groups)
    )
    assert (plain.judged_groups, grouped.judged_groups) == (0, 10)
    assert TaskVerdict.from_json(grouped.to_json()).to_json() == grouped.to_json()
    for one in ("together", "difference"):
        wide, narrow = getattr(grouped, one), getattr(plain, one)
        assert wide.high - wide.low > 1.2 * (narrow.high - narrow.low)
    (score,) = scores_of([KIND], truth[:, None], said[0], groups)
    assert score["judged_groups"] == 10
    assert (score["low"], score["high"]) == (grouped.together.low, grouped.together.high)


@pytest.mark.parametrize("keep", [False, True])
def test_rows_that_teach_do_not_judge(keep):
    x = np.random.default_rng(0).normal(size=(20, 2))
    x[19], x[18] = x[0], x[1]
    domain = read_domain(x, labelled=False, name="rows")
    learn = np.arange(20) < 15
    teach = np.zeros((20, 2))
    teach[1] = np.nan  # a row without any label teaches nothing
    teach[0, 0] = np.nan
    judged, seen = _test_rows(domain, Sides(~learn, learn), teach, keep, SILENT)
    assert judged.tolist() == ([15, 16, 17, 18, 19] if keep else [15, 16, 17, 18])
    assert (seen.found, seen.of) == (1, 5)


def test_what_is_read_is_said_of_tables_and_of_arrays():
    heard: list[str] = []

    class Heard(Events):
        def log(self, kind: str, message: str = "", **fields: Any) -> None:
            heard.append(message)

    x = pd.DataFrame({"a": np.arange(30) / 7, "b": np.arange(30) % 5 + 0.25})
    labels = {"kind": ["ant", "bee"] * 15, "size": np.arange(30) / 3}
    for data in ((x, labels), x.assign(**labels)):
        heard.clear()
        domain, found = read_tasks(data, ["kind", "size"], {}, Heard())
        assert len(domain) == 30
        assert list(found) == ["kind", "size"]
        assert any("a" in message and "b" in message for message in heard)


def test_a_report_says_what_each_task_tells_apart():
    tasks = all_facts([KIND, SIZE], {"backbone": "mlp", "weights": {"kind": 1.0, "size": 0.5}})
    (facts,) = _done(tasks).blocks
    assert facts.pairs == [
        ("Backbone", "mlp"),
        ("Weights of the losses", "kind 1, size 0.5"),
        ("kind", "ant, bee, cat"),
        ("size", SIZE.target_type.summary),
    ]


def test_a_report_says_how_many_rows_and_what_was_held_out(tmp_path):
    verdict = task_verdict(KIND, np.zeros(4), [np.eye(4, 3)], [])
    rows = np.arange(2) > 0
    sides = Sides(rows, ~rows, None, "time:day", ("those from May on",))
    facts = all_facts([KIND], {
        "verdict": [verdict.to_json()], "backbone": "mlp", "weights": "learned", "seeds": 2,
        "rows": 1200, "judged": 4, "seen_sentence": "",
        **sides.facts(),
    })  # fmt: skip
    said = str(page_of(tmp_path, facts).intro)
    assert "1,200 rows to learn from, 4 kept for judging; 2 seeds." in said
    assert "those from May on" in said


def test_a_report_draws_differences_against_none_and_marks_what_is_told(tmp_path):
    truth = (np.arange(60) % 3).astype(float)
    good, bad = np.eye(3)[truth.astype(int)], np.eye(3)[(truth.astype(int) + 1) % 3]
    told, open_ = (
        task_verdict(replace(KIND, name=name), truth, [good], [other])
        for name, other in (("told", bad), ("open", good))
    )
    facts = all_facts([KIND], {
        "verdict": [told.to_json(), open_.to_json()], "backbone": "mlp", "weights": "learned",
        "seeds": 1, "rows": 9, "judged": 4, "seen_sentence": "",
    })  # fmt: skip
    section = page_of(tmp_path, facts).sections[0]
    rows = section.blocks[1].rows
    assert [(row.name, row.chosen) for row in rows] == [("told", True), ("open", False)]
    assert [row.note for row in rows] == [
        "the other tasks helped",
        "it cannot be told whether the other tasks helped",
    ]
    assert "+" in str(section.blocks[1].scale)  # signed: a difference


def test_rows_with_the_most_wrong_answers_are_shown():
    said = [["ant", "bee", "bee", "ant"], [50.0, 60.0, 70.0, 20.0]]
    truth = np.array([[0, 0], [1, 1], [0, 2], [0, 2]], float)  # of sizes 50, 60, 70 and 70
    losses = [_loss(task, truth[:, i], said[i]) for i, task in enumerate((KIND, SIZE))]
    assert losses[0].tolist() == [0, 0, 1, 0]
    assert losses[1].tolist() == [0, 0, 0, 5]


def test_weights_of_losses():
    tasks: Any = [SimpleNamespace(name="a"), SimpleNamespace(name="b")]
    assert _weights(None, tasks) == ()
    assert _weights({"b": 3, "a": 0.5}, tasks) == (0.5, 3.0)
    for wrong in ({"a": 1}, {"a": 1, "b": 0}, {"a": 1, "b": 1, "c": 1}):
        with pytest.raises(ConfigError, match="one weight over 0"):
            _weights(wrong, tasks)
