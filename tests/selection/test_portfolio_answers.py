"""What is tried where answers are numbers or several labels at once."""

from __future__ import annotations

import pytest

from landbridge.methods.core.resolve import Setting, make_method
from landbridge.selection.portfolio import portfolio


@pytest.mark.parametrize("answers", ["regression", "multilabel"])
@pytest.mark.parametrize("labels", [2.0, 100.0])
@pytest.mark.parametrize("on_features", [False, True])
def test_every_candidate_can_answer(answers, labels, on_features):
    found = portfolio(
        Setting("labelled", "few", True, False, answers),
        labels_per_class=labels,
        on_features=on_features,
    )
    assert len(found.candidates) >= 3
    for name in (*found.candidates, *found.references):
        assert answers in make_method(name).needs.target_types
    assert ("tradaboost-r2" in found.candidates) == (
        answers == "regression" and on_features and labels < 20
    )


def test_nothing_is_tried_that_nothing_can_compare():
    found = portfolio(Setting("labelled", "none", True, False, "regression"), labels_per_class=0.0)
    assert found.candidates == ()
    assert found.reference == "source-only"
    assert {row.method for row in found.not_tried} >= {"rsd", "coral", "dann"}
    wanted = portfolio(
        Setting("labelled", "none", True, False, "regression"),
        labels_per_class=0.0,
        wanted=["rsd", "mcc"],
    )
    assert wanted.candidates == ("rsd",)
    assert {row.method: row.why for row in wanted.not_tried}["mcc"].startswith(
        "it answers one of several classes"
    )
