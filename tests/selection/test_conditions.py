"""Which candidates stand without target labels: each on a condition that is said where it fails."""

from __future__ import annotations

import pytest

from landbridge.methods.core.resolve import Methods
from landbridge.selection.clusters import Clusters
from landbridge.selection.conditions import CONDITIONS, Evidence, left_out
from landbridge.selection.portfolio import FEATURES

GROUPS = Clusters(True, 0.8, "labels and clusters agree by 0.80")
NONE = Clusters(False, 0.0, "labels and clusters agree by 0.00")


def tried(known, names=FEATURES, named=False):
    out = left_out(("probe", *names), ("probe",), known, Methods(), named)
    assert "probe" not in out
    assert all(out.values())
    return [name for name in names if name not in out], out


def test_where_classes_form_clusters_it_is_the_consensus_whatever_the_shares():
    for shift in ("", "cats 10 % → 80 %"):
        assert tried(Evidence(500, 5, GROUPS, shift))[0] == ["consensus"]


def test_where_they_form_none_only_class_shares_tell():
    assert tried(Evidence(500, 2, NONE))[0] == []
    assert tried(Evidence(500, 2, NONE, "cats 10 % → 80 %"))[0] == ["label-shift-em"]
    assert tried(Evidence(500, 2, NONE, same_shares=True))[0] == ["discriminant-em"]
    assert "--class-shares same" in tried(Evidence(500, 2, NONE))[1]["discriminant-em"]


def test_a_plan_says_when_each_candidate_is_tried():
    assert set(FEATURES) <= set(CONDITIONS)
    assert "--class-shares same" in CONDITIONS["discriminant-em"].when


@pytest.mark.parametrize(
    ("rows", "classes", "enough"), [(49, 3, False), (50, 3, True), (99, 20, False)]
)
def test_few_rows_keep_the_baseline(rows, classes, enough):
    names, out = tried(Evidence(rows, classes, GROUPS))
    assert ("consensus" in names) is enough
    if not enough:
        assert f"{rows} target rows" in out["consensus"]


def test_what_is_named_is_left_out_only_where_it_cannot_be_right():
    wanted = ("meda:n_components=5", "mean-matching", "label-shift-em")
    known = Evidence(10, 2, NONE, "cats 10 % → 80 %")
    assert tried(known, wanted, named=True)[0] == ["mean-matching", "label-shift-em"]
    assert tried(Evidence(10, 5, GROUPS), wanted, named=True)[0] == list(wanted)
    unnamed = tried(Evidence(500, 5, GROUPS, "cats 10 % → 80 %"), ("mean-matching", "mcc"))
    assert unnamed[0] == ["mcc"]
