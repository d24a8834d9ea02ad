"""Rules by which rows are held out, at their edges: few rows, rows alike, what is said of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from landbridge.base.errors import ConfigError, DataError
from landbridge.base.seeds import numpy_rng
from landbridge.domains.holdout.base import (
    SPLIT_RULES,
    SplitRows,
    blocks_of,
    check_effect,
    drawn,
)
from landbridge.domains.holdout.sides import Sides, two_sides
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import seal


def split(rule, fraction=0.3, seed=0, **rows):
    n = len(rows.get("values") or rows["strata"])
    labeled = rows.pop("labeled", np.ones(n, bool))
    return SPLIT_RULES.get(rule)().split(
        SplitRows("rows", labeled, **rows), fraction, numpy_rng(seed)
    )


def test_classes_of_one_or_two_rows_are_counted_and_stay():
    strata = np.array([0] * 10 + [1] * 2 + [2] + [3] * 3)
    found = split("stratified", strata=strata, classes=True)
    assert np.bincount(strata[found.test], minlength=4).tolist() == [3, 0, 0, 2]
    assert found.notes == ("2 classes have fewer than 3 labels: none of theirs is judged",)
    assert found.how == "drawn from each class"
    assert split("stratified", strata=strata[:10], classes=True).notes == ()
    most = split("stratified", 0.99, strata=strata, classes=True)
    assert np.bincount(strata[~most.test], minlength=4).tolist() == [1, 2, 1, 1]


def test_rows_alike_are_drawn_at_once_and_bins_each():
    found = split("stratified", strata=np.zeros(20, int))
    assert (found.test.sum(), found.how, found.notes) == (6, "drawn", ())
    assert (found.by_chance, found.blocks, found.alike, found.unused) == (True, None, False, None)
    bins = split("stratified", strata=np.arange(20) % 2, stratified_by="evenly ")
    assert np.bincount(np.flatnonzero(bins.test) % 2).tolist() == [3, 3]
    assert bins.how == "drawn evenly"
    some = split("stratified", 0.5, strata=np.arange(8) % 2, labeled=np.arange(8) < 4)
    assert not some.test[4:].any()
    assert some.test.sum() == 4  # of each bin two at least
    assert len(drawn(np.arange(10), 0.01, numpy_rng(0))) == 2
    assert len(drawn(np.arange(10), 0.36, numpy_rng(0))) == 4


def test_groups_are_drawn_near_to_the_share_of_rows_and_of_classes():
    sizes = [1, 2, 3, 4, 10, 20, 30, 30]
    values = tuple(f"g{i}" for i, n in enumerate(sizes) for _ in range(n))
    for share in (0.1, 0.3, 0.5):
        found = split("group", share, values=values, column="site")
        assert found.test.mean() == pytest.approx(share, abs=0.03)
    strata = np.arange(80) % 2 ^ (np.arange(80) // 10 > 5)
    whole = np.where(np.arange(80) // 10 % 4 == 0, 0, strata)
    values = tuple(f"g{i // 10}" for i in range(80))
    found = split("group", 0.25, values=values, column="site", strata=whole, classes=True)
    assert abs(whole[found.test].mean() - whole.mean()) < 0.15
    assert found.how == f"all those of {found.test.sum() // 10} of 8 values of 'site', drawn"
    assert found.notes == ()
    assert found.alike


def test_what_is_lost_of_numbers_is_no_class():
    values = tuple("aaaabbbb")
    strata = np.repeat([0, 1], 4)
    for classes, notes in ((False, 0), (True, 1)):
        found = split("group", 0.5, values=values, column="site", strata=strata, classes=classes)
        assert len(found.notes) == notes
    assert "1 class only in groups that are held out" in found.notes[0]
    missing = split("group", 0.5, values=(None, *"bbbcccc"), column="site", strata=strata)
    assert missing.notes == ("1 row without 'site': each a group of its own",)


def test_the_first_time_is_never_judged_whole():
    """Of many rows at the first time and few later ones the later ones judge."""
    values = tuple("0000012")
    found = split("time", 0.9, values=values, column="day")
    assert found.test.tolist() == [False] * 5 + [True] * 2
    assert found.how == "those from 1 on by 'day',"
    assert (found.by_chance, found.alike, found.notes) == (False, False, ())
    late = split("time", 0.2, values=tuple("0123456789"), column="day")
    assert np.flatnonzero(late.test).tolist() == [8, 9]
    half = split("time", 0.5, values=tuple("0012222222"), column="day")
    assert np.flatnonzero(half.test).tolist() == list(range(3, 10))  # one time is not parted
    assert not half.unused.any()


def test_unlabelled_rows_have_no_part_in_where_time_is_cut():
    labeled = np.arange(20) < 10
    found = split("time", 0.3, values=tuple(map(str, range(20))), column="day", labeled=labeled)
    assert np.flatnonzero(found.test).tolist() == list(range(7, 20))
    with pytest.raises(DataError, match="rows: column 'day' holds one time, so nothing can be"):
        split("time", values=("1", "1", "2"), column="day", labeled=np.array([True, True, False]))


def test_blocks_are_of_equal_values_and_nothing_is_equal_to_nothing():
    found = blocks_of(["a", None, "b", "a", None, "#1"])
    assert found[0] == found[3]
    assert len(set(found.tolist())) == 5
    assert found.dtype == np.int64


def test_a_split_that_is_given_parts_all_rows():
    given = np.array([True, False, False, True])
    rows = SplitRows("rows", np.ones(4, bool))
    found = two_sides("stratified", rows, 0.3, numpy_rng(0), given=given)
    assert found.test.tolist() == given.tolist()
    assert found.learn.tolist() == (~given).tolist()
    assert (found.groups, found.groups_of(np.arange(2)), found.facts()) == (None, None, {})
    with pytest.raises(ConfigError, match="rows has a split of its own") as error:
        two_sides("time:day", rows, 0.3, numpy_rng(0), given=given)
    assert error.value.hint == "leave it out, or give data without it"
    none = two_sides("stratified", rows, 0.5, numpy_rng(0), given=np.zeros(4, bool))
    assert none.test.sum() == none.learn.sum() == 2
    assert none.notes == ()
    assert check_effect("stratified", "it is usual") is None
    with pytest.raises(DataError, match=r"rows has no column 'dya' \(holdout=\)") as error:
        two_sides("time:dya", rows, 0.3, numpy_rng(0), columns=["day"])
    assert error.value.hint == "did you mean 'day'?"


def test_groups_and_rows_that_cannot_be_used_of_two_sides():
    values = (None, *"aabbccdd")
    rows = SplitRows("rows", np.arange(9) != 1, values=values)
    found = two_sides("group:site", rows, 0.3, numpy_rng(0))
    assert (found.test ^ found.learn).all()
    assert found.groups_of(np.array([3, 4, 5])).tolist()[:2] == [found.groups[3]] * 2
    assert found.facts()["holdout"]["rule"] == "group:site"
    judged = int(found.test.sum() - found.test[1])
    assert found.notes[0].startswith(f"judged on {judged} of 8 rows, all those of ")
    assert found.notes[0].endswith("drawn and held out")
    times = two_sides("time:day", SplitRows("rows", np.ones(5, bool), values=(None, *"1234")), 0.3,
                      numpy_rng(0))  # fmt: skip
    assert times.test.tolist() == [False, False, False, False, True]
    assert times.learn.tolist() == [False, True, True, True, False]
    assert times.groups is None
    assert Sides(times.test, times.learn, np.arange(5)).groups_of(np.array([4])).tolist() == [4]


def test_a_column_to_go_by_is_named_with_the_data():
    frame = pd.DataFrame({"x": numpy_rng(0).random(12), "kind": ["a", "b"] * 6, "day": range(12)})
    domain = read_domain(frame, label="kind")
    with pytest.raises(DataError) as error:
        seal(domain, "use", holdout="time:dya")
    assert error.value.message.startswith(f"{domain.name} has no column 'dya' (holdout=)")
    assert error.value.hint == "did you mean 'day'?"


def test_rows_without_a_time_are_held_out_beside_those_of_the_rule():
    frame = pd.DataFrame({"x": numpy_rng(0).random(40), "kind": ["a", "b"] * 20, "day": range(40)})
    frame.loc[[1, 2], "day"] = None
    found = seal(read_domain(frame, label="kind", holdout_by="day"), "use", holdout="time:day")
    assert found.held_out[[1, 2]].all()
    assert found.held_out[-11:].all()
    assert not found.held_out[3:27].any()
    assert not found.test_mask[[1, 2]].any()
    assert found.blocks is not None
    assert any("'day'" in note for note in found.notes)
