"""Rules by which rows are held out: what is judged, what is learned from, what stays together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from landbridge.base.errors import ConfigError, DataError
from landbridge.base.seeds import numpy_rng
from landbridge.domains.holdout.base import SPLIT_RULES, SplitRows, split_rule
from landbridge.domains.holdout.sides import Sides, groups_column, holdout_notes
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import seal
from landbridge.domains.twins import without_seen
from properties import holds

N = 90


def table(seed=0, n=N, classes=3):
    """Rows of 15 patients, a visit a day, shuffled; some without a label."""
    rng = np.random.default_rng(seed)
    patient = rng.integers(0, 15, n)
    days = pd.date_range("2024-01-01", periods=n).strftime("%Y-%m-%d")
    kinds = np.array(["rose", "tulip", "lily"], object)[rng.integers(0, classes, n)]
    kinds[rng.random(n) < 0.2] = None
    frame = pd.DataFrame(
        {
            "width": rng.normal(size=n),
            "height": rng.normal(size=n),
            "patient": [f"P{p:02d}" for p in patient],
            "day": days,
            "kind": kinds,
        }
    )
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def sealed(frame, rule, column, fraction=0.3, seed=0):
    domain = read_domain(frame, label="kind", holdout_by=column)
    return seal(domain, "use", fraction, seed, f"{rule}:{column}")


@holds(
    name=st.sampled_from(sorted(SPLIT_RULES)),
    labeled_mask=st.lists(st.booleans(), min_size=12, max_size=60),
    groups=st.integers(2, 9),
    fraction=st.floats(0.05, 0.95),
    seed=st.integers(0, 99),
)
def test_every_rule_leaves_something_on_both_sides(name, labeled_mask, groups, fraction, seed):
    labeled = np.array(labeled_mask)
    labeled[:4] = True
    numbers = np.arange(len(labeled)) % groups
    rows = SplitRows(
        "rows", labeled, values=tuple(map(str, numbers)), column="site", strata=numbers // 2
    )
    rule = SPLIT_RULES.get(name)()
    found = rule.split(rows, fraction, numpy_rng(seed))
    again = rule.split(rows, fraction, numpy_rng(seed))
    assert np.array_equal(found.test, again.test)
    assert found.test.shape == labeled.shape
    assert (found.test & labeled).sum() > 0
    if rule.by_column:
        assert (found.test & labeled).sum() < labeled.sum()
        assert len(found.blocks) == len(labeled)


@pytest.mark.parametrize("seed", range(4))
def test_no_group_is_on_both_sides_and_folds_keep_groups_whole(seed):
    frame = table(seed)
    target = sealed(frame, "group", "patient", seed=seed)
    patients = frame["patient"].to_numpy()
    tested = set(patients[target.held_out])
    assert tested
    assert not tested & set(patients[~target.held_out])
    assert target.test_mask.sum() == pytest.approx(0.3 * frame["kind"].notna().sum(), rel=0.5)
    assert set(target.classes) == {"rose", "tulip", "lily"}
    assert "patient" not in target.examples.columns
    learn = without_seen(None, target).held.groups[target.labeled_mask]
    pairs = set(zip(patients[target.labeled_mask], learn.tolist(), strict=True))
    assert len(pairs) == len(set(patients[target.labeled_mask])) == len(set(learn.tolist()))


def test_what_is_judged_is_later_than_all_that_is_learned_from():
    frame = table()
    target = sealed(frame, "time", "day")
    days = frame["day"].to_numpy()
    assert days[target.held_out].min() > days[~target.held_out].max()
    assert target.test_mask.sum() == pytest.approx(0.3 * frame["kind"].notna().sum(), abs=1)
    assert not [name for name in target.examples.columns if name.startswith("day")]
    assert any("those from 2024-" in note for note in target.notes)


@pytest.mark.parametrize(
    "days",
    [
        list(range(N)),
        [f"{i + 0.5}" for i in range(N)],
        pd.date_range("2024-01-01", periods=N, freq="h").tolist(),
        [f"2024-01-01T{i // 60:02d}:{i % 60:02d}:00Z" for i in range(N)],
    ],
    ids=["integers", "decimals", "timestamps", "zoned"],
)
def test_times_in_every_spelling(days):
    frame = table().assign(kind=["rose", "lily"] * (N // 2), day=days)
    target = sealed(frame.iloc[::-1].reset_index(drop=True), "time", "day")
    assert np.flatnonzero(target.test_mask).tolist() == list(range(27))


def test_rows_without_a_time_are_not_used_and_said():
    frame = table().assign(kind="rose")
    frame.loc[::2, "kind"] = "lily"
    frame.loc[[3, 40], "day"] = None
    target = sealed(frame, "time", "day")
    assert target.held_out[[3, 40]].all()
    assert not target.test_mask[[3, 40]].any()
    assert "2 rows without a time in 'day': not used" in target.notes


def test_rows_without_a_group_are_groups_of_their_own():
    frame = table()
    frame.loc[:4, "patient"] = None
    target = sealed(frame, "group", "patient")
    assert len(set(target.blocks[:5].tolist())) == 5
    assert "5 rows without 'patient': each a group of its own" in target.notes


def test_a_few_labels_are_not_judged_and_stay_together_in_folds_all_the_same():
    frame = table()
    frame.loc[6:, "kind"] = None
    frame["kind"] = frame["kind"].where(frame.index > 5, ["rose", "tulip"] * 3 + [None] * (N - 6))
    target = sealed(frame, "group", "patient")
    assert target.sealed is None
    assert target.labeled_mask.sum() == 6
    assert target.blocks is not None


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("patient", "one", "all .* labelled rows into one group"),
        ("day", "2024-01-01", "holds one time"),
        ("patient", None, "is empty in all labelled rows"),
        ("day", None, "is empty in all labelled rows"),
        ("day", ["spring", "autumn"] * (N // 2), "neither dates .* nor numbers"),
    ],
)
def test_what_cannot_be_parted_is_an_error_that_names_the_column(column, values, said):
    rule = "group" if column == "patient" else "time"
    with pytest.raises(DataError, match=said) as error:
        sealed(table().assign(**{column: values}), rule, column)
    assert repr(column) in str(error.value)


def test_a_column_that_is_not_there_is_named_with_the_nearest():
    domain = read_domain(table(), label="kind", holdout_by="patinet")
    with pytest.raises(DataError, match=r"no column 'patinet'.*(?s:.*)'patient'"):
        seal(domain, "use", holdout="group:patinet")


@pytest.mark.parametrize("by", ["holdout_by", "domain"])
@pytest.mark.parametrize("other", ["label", "text", "columns", "categorical", "numeric"])
def test_a_column_that_rows_go_by_is_nothing_else(by, other):
    named = "patient" if other in ("label", "text") else ["width", "patient"]
    with pytest.raises(ConfigError, match=f"'patient' is named by .*= and by {other}="):
        read_domain(table(), **{"label": "kind", by: "patient", other: named})


@pytest.mark.parametrize("by", ["holdout_by", "domain"])
def test_a_column_that_rows_go_by_may_be_dropped_as_well(by):
    said = read_domain(table(), label="kind", drop=["patient", "day"], **{by: "patient"})
    assert said.schema.named("feature") == ["width", "height"]


def test_arrays_have_no_column_to_go_by():
    domain = read_domain((np.eye(8), ["ant", "bee"] * 4), holdout_by="site")
    with pytest.raises(DataError, match="none that has a name") as error:
        seal(domain, "use", holdout="group:site")
    assert error.value.hint == "give it as a table that has the column"


def test_rows_may_go_by_the_column_of_their_domain():
    domain = read_domain(table(), label="kind", domain="patient", holdout_by="patient")
    assert domain.holdout_by == domain.groups
    assert len(set(domain.holdout_by)) == 15


def test_the_latest_row_alone_and_ten_stretches_of_time_that_stay_together():
    rows = SplitRows("rows", np.ones(40, bool), values=tuple(map(str, range(40))), column="day")
    found = SPLIT_RULES.get("time")().split(rows, 0.001, numpy_rng(0))
    assert np.flatnonzero(found.test).tolist() == [39]
    assert found.how == "those from 39 on by 'day',"
    assert np.bincount(found.blocks).tolist() == [4] * 10


def test_classes_that_are_held_out_whole_are_counted():
    strata, site = np.repeat([0, 1, 2], 4), ("n", *"nnn", *"ssss", *"eeee")
    rows = SplitRows("rows", np.ones(12, bool), strata=strata, classes=True, values=site,
                     column="site")  # fmt: skip
    found = SPLIT_RULES.get("group")().split(rows, 0.6, numpy_rng(0))
    assert found.notes == (
        "2 classes only in groups that are held out: nothing is learned of them",
    )
    found = SPLIT_RULES.get("group")().split(rows, 0.3, numpy_rng(0))
    assert found.notes[0].startswith("1 class only")


def test_what_facts_say_of_a_rule():
    chance = Sides(np.ones(2, bool), np.zeros(2, bool))
    assert (chance.facts(), holdout_notes({}), groups_column({})) == ({}, (), None)
    alike = Sides(chance.test, chance.learn, np.arange(2), "group:site", ("some", "more"))
    assert holdout_notes(alike.facts()) == ("some", "more")
    assert groups_column(alike.facts()) == "site"
    apart = Sides(chance.test, chance.learn, None, "time:day", ("some",))
    assert groups_column(apart.facts()) is None
    with pytest.raises(ConfigError) as error:
        split_rule("stratified:day")
    assert error.value.hint == "write stratified"


@pytest.mark.parametrize("rule", ["group", "time:", "stratified:day", "groups:patient", ""])
def test_rules_that_are_none(rule):
    with pytest.raises(ConfigError):
        split_rule(rule)


def test_a_rule_without_effect_is_an_error():
    frame = table()
    domain = read_domain(frame.assign(split=["train", "test"] * (N // 2)), label="kind",
                         holdout_by="patient")  # fmt: skip
    with pytest.raises(ConfigError, match="split of its own"):
        seal(domain, "use", holdout="group:patient")
    domain = read_domain(frame, label="kind", holdout_by="patient")
    with pytest.raises(ConfigError, match="without effect"):
        seal(domain, "judge", holdout="group:patient")
    with pytest.raises(ConfigError, match=r"no row of .* has a label"):
        seal(read_domain(frame.drop(columns="kind"), labelled=False, holdout_by="patient"), "use",
             holdout="group:patient")  # fmt: skip
