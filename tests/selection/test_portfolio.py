"""The portfolio: references always, and nothing whose needs are not met."""

from __future__ import annotations

from itertools import product

import pytest

from landbridge.methods.core.resolve import Setting, make_method, unmet
from landbridge.selection.fallback import fallback
from landbridge.selection.portfolio import portfolio
from landbridge.selection.records import NotTried

SITUATIONS = [
    Setting(*values)
    for values in product(
        ("labelled", "unlabelled", "none"), ("all", "few", "none"), (True, False), (True, False)
    )
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
@pytest.mark.parametrize("per_class", [0, 3, 100])
def test_needs_are_met(situation, per_class):
    found = portfolio(situation, labels_per_class=per_class)
    for name in (*found.references, *found.candidates):
        assert not unmet(make_method(name).needs, situation), name
    assert not set(found.references) & set(found.candidates)
    assert found.reference is None or found.reference in found.references
    assert all(row.why for row in found.not_tried)


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_nothing_is_transferred_where_nothing_is_known(situation):
    found = portfolio(situation, labels_per_class=3)
    if situation.source != "labelled" and not situation.pretrained:
        assert set(found.references) <= {"scratch"}
        rest = situation.source == "unlabelled" or situation.target == "few"
        learns = rest and situation.target != "none"  # from rows without labels, that is
        assert found.candidates == (("pretrain",) if learns else ())


def test_a_teacher_is_learned_from():
    taught = Setting("none", "none", True, False, teacher=True)
    assert portfolio(taught, labels_per_class=0).candidates == ("distil",)
    few = Setting("labelled", "few", True, False, teacher=True)
    assert portfolio(few, labels_per_class=3).candidates[0] == "distil"


def test_references_of_each_setting():
    adaptation = portfolio(Setting("labelled", "none", True, False), labels_per_class=0)
    assert adaptation.references == ("source-only", "probe")
    assert adaptation.reference == "source-only"
    tuning = portfolio(Setting("none", "all", False, True), labels_per_class=50)
    assert tuning.references == ("probe", "scratch")
    assert tuning.reference == "scratch"


def test_wishes_of_the_user_and_what_stands_in_their_way():
    found = portfolio(
        Setting("labelled", "none", True, False),
        labels_per_class=0,
        wanted=["finetune", "mcc", "probe"],
    )
    assert found.candidates == ("mcc",)
    assert (
        NotTried("finetune", "it needs target labels, and there are none to use") in found.not_tried
    )


def test_label_shift_leaves_alignment_out():
    found = portfolio(
        Setting("labelled", "none", True, False), labels_per_class=0, label_shift=True
    )
    assert not {"coral", "dann", "infomax", "feature-map"} & set(found.candidates)
    assert any("class shares" in row.why for row in found.not_tried)


@pytest.mark.parametrize("source", ["none", "unlabelled"])
def test_few_labels_without_a_labelled_source_are_spread_over_the_other_rows(source):
    few = portfolio(Setting(source, "few", False, True), labels_per_class=3)
    assert "self-training" in few.candidates
    for other in (
        portfolio(Setting(source, "all", False, True), labels_per_class=3),
        portfolio(Setting(source, "few", False, True), labels_per_class=100),
        portfolio(Setting("labelled", "few", True, True), labels_per_class=3),
    ):
        assert "self-training" not in other.candidates


def test_one_label_a_class_without_a_source_is_spread_over_the_other_rows():
    kind = Setting("none", "few", False, True).target_type
    chosen = fallback(["probe", "scratch", "self-training"], ["probe", "scratch"], kind)
    assert chosen.method == "self-training"
    assert not chosen.kept_reference
