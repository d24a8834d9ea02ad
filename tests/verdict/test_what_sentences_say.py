"""What a sentence says in each case: how many, which way, and what to do next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from landbridge.verdict.records import MethodScore, Verdict
from landbridge.verdict.sentences import (
    confidence_sentence,
    cross_validated_sentence,
    groups_sentence,
    held_out_sentence,
    label_free_sentence,
    lone_sentence,
    seeds_sentence,
    seen_sentence,
    settle_sentence,
)


def verdict(outcome="can't tell", gap=(0.0, -0.2, 0.25), **more):
    score = {"mean": 0.8, "low": 0.7, "high": 0.9}
    value, low, high = gap
    plain = {
        "target_type": "multiclass",
        "metric": "accuracy",
        "chosen": {"method": "mcc", **score},
        "baselines": [{"method": "source-only", **score, "mean": 0.6}],
        "reference": "source-only",
        "outcome": outcome,
        "difference": {"mean": value, "low": low, "high": high},
        "judged_rows": 40,
        "seeds": [0, 1, 2],
    }
    return Verdict.from_json(plain | more)


def seen(found, of=40, kept=""):
    return verdict(seen={"found": found, "of": of, "kept": kept, "rows": []})


def test_rows_that_were_learned_from_as_well():
    assert seen_sentence(verdict()) == seen_sentence(seen(0)) == ""
    assert seen_sentence(seen(3, kept="all")) == ""
    assert seen_sentence(seen(1)) == (
        "1 more labelled row was left out of the judged ones, as it was learned from as well."
    )
    assert seen_sentence(seen(2)) == (
        "2 more labelled rows were left out of the judged ones, as they were learned from as well."
    )
    assert "Of the 40 judged rows 1 was learned from" in seen_sentence(seen(1, kept="asked"))
    assert "Of the 40 judged rows 2 were learned from" in seen_sentence(seen(2, kept="asked"))
    assert held_out_sentence(seen(2)).endswith(seen_sentence(seen(2)))
    assert cross_validated_sentence(seen(2)).endswith(seen_sentence(seen(2)))
    assert "mcc is right on 80.0 % of the examples, but 3 of 40 judged rows" in held_out_sentence(
        seen(3, kept="all")
    )


def test_groups_and_rows_that_stand_alone():
    assert (groups_sentence(9, 0), lone_sentence(verdict())) == ("", "")
    assert groups_sentence(9, 1).startswith("The 9 rows are of 1 group,")
    assert groups_sentence(9, 4).startswith("The 9 rows are of 4 groups,")
    assert lone_sentence(verdict(lone_rows=1)).startswith("1 more is the only one of its class")
    assert lone_sentence(verdict(lone_rows=2)).startswith("2 more are each the only one")


WITHOUT = "rows without a label"


def settled(**how):
    plain = {"low": 10, "high": 90, "judged": 0, "rows_left": None, "differ": None, "among": None}
    return settle_sentence(verdict(settle={**plain, "rows": [], **how}))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "About 10 to 90 labelled examples, drawn at random, would settle it."),
        ({"low": 1, "high": 1}, "About 1 labelled example, drawn at random, would settle it."),
        (
            {"judged": 5},
            "90 more labelled examples, drawn at random, would settle it (in addition to the 5",
        ),
        ({"rows_left": 0}, "; none are left here, so it cannot be settled with these data."),
        ({"rows_left": 9}, "; that is more than the 9 here, so it cannot be settled with"),
        ({"rows_left": 10}, "would settle it; there are 10 here, so it may not be possible with"),
        ({"rows_left": 89}, "would settle it; there are 89 here, so it may not be possible with"),
        ({"rows_left": 90}, "drawn at random, would settle it."),
        ({"rows_left": 1, "differ": 0}, "answer the 1 target row alike, so a label for it settles"),
        ({"rows_left": 7, "differ": 0}, "answer all 7 target rows alike, so labels for those"),
        ({"rows_left": 7, "differ": 1}, "differ on 1 of 7 target rows: look at that one first. A"),
        ({"rows_left": 7, "differ": 3}, "differ on 3 of 7 target rows: those say most."),
        ({"rows_left": 99, "differ": 3}, "differ on 3 of 99 target rows: label those first."),
        ({"rows_left": 50, "differ": 3}, "differ on 3 of 50 target rows: label those first."),
        (
            {"rows_left": 9, "differ": 2, "among": "rows without a label"},
            "2 of 9 rows without a label",
        ),
    ],
)
def test_what_would_settle_it(how, said):
    text = settled(**how)
    assert said in text
    assert ("The two" in text) == ("differ" in how)
    assert ("settled with" in text) == (how.get("rows_left", 90) < 10)
    assert ("may not be" in text) == (10 <= how.get("rows_left", 90) < 90)


def test_what_would_settle_it_in_folders_of_earlier_versions():
    assert settle_sentence(verdict()) == ""
    assert settle_sentence(verdict(labels_to_settle=40)).startswith("About 40 labelled examples,")


@pytest.mark.parametrize(
    ("outcome", "low", "high", "said"),
    [
        ("helped", 0.0, 0.3, ", so another seed might not have helped."),
        ("helped", 0.01, 0.3, "(70.0 % to 90.0 %)."),
        ("hurt", -0.3, 0.0, ", so another seed might not have hurt."),
        ("hurt", -0.3, -0.01, "(70.0 % to 90.0 %)."),
        ("can't tell", -0.3, 0.3, "(70.0 % to 90.0 %)."),
    ],
)
def test_other_seeds(outcome, low, high, said):
    score = {"method": "mcc", "mean": 0.9, "low": 0.7, "high": 0.9}
    over = {"mean": 0.8, "low": 0.7, "high": 0.9}
    found = verdict(
        outcome,
        chosen={**score, "over_seeds": over},
        difference_over_seeds={"mean": 0.1, "low": low, "high": high},
    )
    text = seeds_sentence(found)
    assert text.startswith("That is the stored model; over 3 seeds the mean is 80.0 %")
    assert text.endswith(said)
    assert seeds_sentence(verdict(outcome)) == ""
    same = {**score, "over_seeds": dict.fromkeys(("mean", "low", "high"), 0.9)}
    assert seeds_sentence(verdict(outcome, chosen=same)) == ""


def test_how_far_its_confidence_may_be_believed():
    def said(confidence, **more):
        return confidence_sentence(verdict(calibration={"confidence": confidence}, **more))

    assert said(0.95).startswith(
        "Its probabilities cannot be taken at their word: it is surer than"
    )
    assert "less sure than it is right (confidence 60.0 % on average, right 80.0 %)" in said(0.6)
    assert said(0.89) == said(0.71) == said(None) == confidence_sentence(verdict()) == ""
    assert said(0.95, target_type="regression") == ""


def test_which_way_the_difference_goes():
    helped, hurt = verdict("helped", (0.2, 0.1, 0.3)), verdict("hurt", (-0.2, -0.3, -0.1))
    assert "Transfer helped: mcc is right on 80.0 % of the examples, 20.0 points more than" in (
        held_out_sentence(helped)
    )
    assert "Transfer hurt: mcc is right on 80.0 % of the examples, 20.0 points fewer than" in (
        held_out_sentence(hurt)
    )
    alike = verdict(gap=(0.0, -0.1, 0.1))
    assert "the difference may be chance" in held_out_sentence(verdict())
    assert "may be chance" not in held_out_sentence(alike)
    assert "(+10.0 points to +30.0 points)" in cross_validated_sentence(helped)
    assert "transfer helped: mcc 80.0 %, +20.0 points against" in cross_validated_sentence(helped)
    assert "transfer may or may not have helped" in cross_validated_sentence(verdict())


def test_how_it_was_chosen_is_said_where_it_did_not_help():
    folds = {"kind": "cross-validation", "compared": 4, "rows": 30, "value": 0.9}
    choice = folds | {"reference_value": 0.7}
    why = "It was chosen by cross-validation on 30 other labelled examples: 90.0 % against 70.0 %"
    assert why in held_out_sentence(verdict(choice=choice))
    assert why in held_out_sentence(verdict("hurt", (-0.2, -0.3, -0.1), choice=choice))
    assert why not in held_out_sentence(verdict("helped", (0.2, 0.1, 0.3), choice=choice))
    for less in (folds, choice | {"value": None}, choice | {"kind": "given"}):
        assert "chosen by" not in held_out_sentence(verdict(choice=less))


def alone(**more):
    return verdict(reference="mcc", outcome=None, difference=None, **more)


def test_where_nothing_is_compared():
    one = {"compared": 1, "rows": 0}
    given = alone(choice={"kind": "given", **one})
    assert "It was named, so no other way was tried." in held_out_sentence(given)
    lone = alone(choice={"kind": "only", **one})
    assert "No other way was tried, so nothing tells" in held_out_sentence(lone)
    among = alone(choice={"kind": "label-free", "compared": 2, "rows": 0})
    for kept in (alone(), among):
        assert held_out_sentence(kept).startswith("No transfer was kept, as none looked better:")
    taught = verdict(
        reference=None,
        outcome=None,
        difference=None,
        baselines=[{"method": "teacher", "mean": 0.7, "low": 0.6, "high": 0.8}],
    )
    assert ", its teacher " in held_out_sentence(taught)
    nothing = verdict(reference=None, outcome=None, difference=None, baselines=[])
    assert "judged on 40 examples, 3 seeds); there is nothing" in held_out_sentence(nothing)
    over = {"over_seeds": {"mean": 0.7, "low": 0.6, "high": 0.8}}
    spread = replace(nothing, chosen=MethodScore.from_json({"method": "mcc", "mean": 0.8} | over))
    assert "judged on 40 examples); there is nothing to compare" in held_out_sentence(spread)


def test_without_labels():
    found = verdict(choice={"kind": "label-free", "compared": 3, "rows": 0})
    assert "evidence speaks for mcc over" in label_free_sentence(found, "mcc")
    assert "does not speak for mcc: it puts" in label_free_sentence(found, "source-only")
    assert "Nothing speaks for or against mcc" in label_free_sentence(found, None)
    assert "No adaptation looked better than" in label_free_sentence(alone(), "mcc")
    given = alone(choice={"kind": "given", "compared": 1, "rows": 0})
    assert "was kept. It was named" in label_free_sentence(given, None)
    numbers = alone(target_type="regression")
    assert "Nothing tells methods apart without labels" in label_free_sentence(numbers, None)
