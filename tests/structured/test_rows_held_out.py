"""Which rows of a structured task judge: of a split, by chance, whole groups, or the latest."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.base.errors import ConfigError, DataError
from landbridge.structured.base import TASKS
from landbridge.structured.fit import _examples
from landbridge.structured.options import TaskOptions
from landbridge.structured.rows import hold_out, read_rows

N = 40


def rows(**more):
    given = [
        {"source": f"text {i}", "target": None if i % 5 == 0 else "said", "site": i // 8,
         "day": f"2024-01-{i % 28 + 1:02d}"} for i in range(N)
    ]  # fmt: skip
    return [{**row, **{key: of(i) for key, of in more.items()}} for i, row in enumerate(given)]


def sides(data, holdout="stratified", share=0.3, seed=0):
    labeled = np.array([row["target"] is not None for row in data])
    return hold_out(read_rows(data), holdout, labeled, share, seed)


def test_by_chance_any_row_is_drawn():
    found = sides(rows())
    assert found.test.sum() == 12
    assert (found.learn == ~found.test).all()
    assert (found.test == sides(rows()).test).all()
    assert (found.test != sides(rows(), seed=1).test).any()
    assert (found.groups, found.notes) == (None, ())


def test_whole_groups_and_the_latest_rows():
    found = sides(rows(), "group:site", 0.2)
    assert len(set(np.flatnonzero(found.test) // 8)) == 1
    assert found.test.sum() == 8
    assert found.groups.tolist() == (np.arange(N) // 8).tolist()
    assert "all those of 1 of 5 values of 'site'" in found.notes[0]
    found = sides(rows(day=lambda i: None if i < 3 else i), "time:day", 0.25)
    assert not (found.test | found.learn)[:3].any()
    assert found.test[32:].all()
    assert found.learn[3:31].all()
    assert found.groups is None


def test_rows_without_an_answer_are_in_no_group_of_the_judged_ones():
    task = TASKS.get("text-to-text")(TaskOptions(input="source", output="target"))
    learn, judged, groups = _examples(task, rows(), None, "group:site", 0.2, 0, False)
    assert len(groups) == len(judged) < 8
    assert len(set(groups.tolist())) == 1
    assert len(learn) + len(judged) == 32
    assert task.notes[0].startswith("judged on")


@pytest.mark.parametrize(
    ("more", "holdout", "error", "says"),
    [
        ({"split": lambda i: "test" if i % 2 else "train"}, "group:site", ConfigError, "its own"),
        ({}, "group:siet", DataError, "did you mean 'site'"),
        ({"site": lambda i: 1}, "group:site", DataError, "into one group"),
        ({}, "group", ConfigError, "names no column"),
    ],
)  # fmt: skip
def test_what_cannot_be_parted(more, holdout, error, says):
    with pytest.raises(error) as caught:
        sides(rows(**more), holdout)
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_a_rule_beside_rows_that_judge_is_without_effect():
    task = TASKS.get("text-to-text")(TaskOptions(input="source", output="target"))
    with pytest.raises(ConfigError, match="the rows that judge are given"):
        _examples(task, rows(), rows(), "group:site", 0.2, 0, False)
