"""A class with a single label does not switch off what is chosen by folds of the others."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.features import Head2Toe
from landbridge.runs.folds import (
    compared_rows,
    fold_rows,
    learned_rows,
    lone_rows,
    possible_folds,
    without,
)
from landbridge.training.batches import Side


def side(labels, known=None, groups=None) -> Side:
    y = np.asarray(labels)
    has = np.ones(len(y), bool) if known is None else np.asarray(known, bool)
    together = None if groups is None else np.asarray(groups, np.int64)
    return Side(np.zeros((len(y), 1), np.float32), y, has, together)


@pytest.mark.parametrize(
    ("labels", "folds", "lone"),
    [
        ([0, 0, 0, 1, 1, 1], 3, 0),
        ([0, 0, 0, 1, 1, 1, 2], 3, 1),
        ([0, 0, 1, 1, 1, 2, 3], 2, 2),
        ([0, 0, 0, 1], 0, 1),  # nothing is told by holding out one class alone
        ([0, 1, 2], 0, 3),
        ([0, 0, 0], 3, 0),
    ],
)
def test_folds_are_of_the_classes_that_have_two_rows(labels, folds, lone):
    own = side(labels)
    assert possible_folds(own, 3) == folds
    compared = compared_rows(own)
    assert int((~compared).sum()) == lone
    if not folds:
        return
    dealt = [fold_rows(own, 0, fold, folds, 0) for fold in range(folds)]
    assert np.sort(np.concatenate(dealt)).tolist() == np.flatnonzero(compared).tolist()
    for rows in dealt:  # every class is learned from in every fold
        left = without(own, rows)
        assert set(left.labels[left.labeled_mask]) == set(labels)


def test_rows_without_a_label_are_in_no_fold_and_numbers_are_all_compared():
    own = side([0, 0, 1, 1, 2, 2], [1, 1, 1, 1, 1, 0])
    assert compared_rows(own).tolist() == [True] * 4 + [False] * 2
    numbers = side([0.5, 1.5, 2.5, 2.5])
    assert compared_rows(numbers).all()
    assert not compared_rows(side([0, 0], [0, 0])).any()


def dealt(own: Side, folds: int) -> list[list[int]]:
    return [fold_rows(own, 0, fold, folds, 0).tolist() for fold in range(folds)]


@pytest.mark.parametrize("labels", [[0, 1] * 15, [0.5 * i for i in range(30)]])
def test_rows_of_one_group_are_in_one_fold(labels):
    groups = np.arange(30)
    groups[[4, 9, 20]] = 4
    groups[[7, 8]] = 7
    groups[[0, 1]] = -1
    own = side(labels, groups=groups)
    rows = dealt(own, 3)
    assert sorted(row for fold in rows for row in fold) == list(range(2, 30))
    for together in ([4, 9, 20], [7, 8]):
        assert sum(set(together) <= set(fold) for fold in rows) == 1
    assert learned_rows(own).nonzero()[0].tolist() == [0, 1]
    left = without(own, fold_rows(own, 0, 0, 3, 0))
    assert left.labeled_mask[:2].all()  # learned from in every fold
    assert left.groups is own.groups


def test_groups_of_one_row_change_nothing():
    labels = np.random.default_rng(0).integers(0, 3, 40)
    assert dealt(side(labels), 3) == dealt(side(labels, groups=np.arange(40)), 3)


def test_rows_that_are_the_same_count_once():
    twice = side([0, 0, 0, 1, 1, 1], groups=[0, 0, 2, 3, 4, 5])
    assert possible_folds(twice, 3) == 2
    single = side([0, 0, 1, 1, 1, 2, 2, 2], groups=[0, 0, 2, 3, 4, 5, 6, 7])
    assert compared_rows(single).tolist() == [False] * 2 + [True] * 6
    assert lone_rows(single) == 2
    known_elsewhere = side([0, 0, 0, 1, 1, 1], groups=[-1, -1, -1, 3, 4, 5])
    assert possible_folds(known_elsewhere, 3) == 0
    assert lone_rows(known_elsewhere) == 0
    assert possible_folds(side([0.0, 1.0, 2.0, 3.0, 4.0], groups=[0, 0, 0, 0, 1]), 3) == 0


def test_head2toe_chooses_beside_a_class_of_one_row():
    rng = np.random.default_rng(0)
    y = np.array([0, 1] * 15 + [2])
    x = rng.normal(size=(31, 40)) + 2 * (np.arange(40) < 3) * y[:, None]
    _, temperature, accuracy = Head2Toe()._choose(x, y, 3, 0)
    assert temperature is not None
    assert len(accuracy) > 1
    assert Head2Toe()._choose(x[-3:], y[-3:], 3, 0)[1] is None


@pytest.mark.slow
def test_auto_compares_and_judges_beside_a_class_of_one_row(tmp_path):
    rng = np.random.default_rng(0)
    y = np.array(["n", "p"] * 5 + ["alone"])
    table = pd.DataFrame(rng.normal(size=(11, 3)), columns=list("abc")).assign(label=y)
    table["a"] += 3 * (y == "p")
    run = landbridge.transfer(
        None,
        table,
        candidates=["scratch", "boosted-trees"],
        seeds=1,
        training={"steps": 5, "threads": 1},
        out=tmp_path / "run",
    )
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert plan["folds"] == 3
    assert run.choice["kind"] == "cross-validation"
    assert "alone" in run.classes
    assert run.verdict["kind"] == "cross-validated"
    assert (run.verdict["judged_rows"], run.verdict["lone_rows"]) == (10, 1)
    assert "1 more is the only one of its class" in run.verdict["sentence"]
    rows = pd.read_parquet(tmp_path / "run" / "predictions.parquet")["row"]
    assert sorted(set(rows)) == list(range(10))
    notes = [event.get("message", "") for event in run.log() if event["event"] == "note"]
    assert any("1 class has a single target label" in note for note in notes)
