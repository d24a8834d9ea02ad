"""What a verdict holds comes back from JSON as it was, field by field."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from landbridge.domains.sealed import SealedLabels
from landbridge.metrics.intervals import Interval
from landbridge.verdict.partition import LabelAgreement, evaluate_groups
from landbridge.verdict.records import Calibration, MethodScore, Temperature
from landbridge.verdict.settle import Settle

SCORE = Interval(0.5, 0.25, 0.75)
RECORDS = [
    MethodScore("mcc", "chosen", "adapted", SCORE, (0.5, 0.75), SCORE, {"RMSE": 2.0, "R²": None}),
    Calibration(0.1, 0.2, 0.3, 0.4, 0.5),
    Calibration(0.1, 0.2, 0.3, 0.4, 0.5, Calibration(ece=0.6, confidence=0.7)),
    Temperature(1.5, "seeds agree", 0.8),
    Temperature(),
    Settle(3, 40, 5, 60, 2, "target rows", ((7, "row 7"), (9, "row 9"))),
    Settle(3, 40),
]


@pytest.mark.parametrize("record", RECORDS, ids=[type(one).__name__ for one in RECORDS])
def test_as_it_was(record):
    found = type(record).from_json(json.loads(json.dumps(record.to_json())))
    for name, value in vars(record).items():
        own = getattr(found, name)
        assert own == value or (isinstance(value, float) and math.isnan(value)), name
        assert repr(own) == repr(value), name


@pytest.mark.parametrize("kind", [Calibration, Temperature, Settle])
@pytest.mark.parametrize("nothing", [None, {}])
def test_where_there_is_none(kind, nothing):
    assert kind.from_json(nothing) is None


@pytest.mark.parametrize("other", [False, True])
def test_groups_beside_labels(other):
    labels, groups = [f"c{i % 3}" for i in range(60)], np.arange(60) % 3
    labels[0] = None
    against = np.arange(60) % 2 if other else None
    found = evaluate_groups(SealedLabels(labels), groups, against)
    assert (found.n, found.classes) == (59, ("c0", "c1", "c2"))
    assert found.table.tolist() == [[19, 0, 0], [0, 20, 0], [0, 0, 20]]
    assert (found.reference is None, found.difference is None) == (not other, not other)
    again = LabelAgreement.from_json(json.loads(json.dumps(found.to_json())))
    assert replace(again, table=0) == replace(found, table=0)
    assert (again.table == found.table).all()


def test_what_settles_it_says_whether_that_is_possible():
    few, many = Settle(3, 40, rows_left=39), Settle(3, 40, rows_left=40)
    assert (few.possible, few.labels, many.possible, many.labels) == (None, 39, True, 40)
    none = Settle(3, 40, rows_left=2)
    assert (none.possible, none.labels) == (False, None)
    assert (Settle(3, 40, rows_left=3).possible, Settle(3, 40).possible) == (None, None)
    assert Settle(3, 40).labels == 40
    assert (Settle(3, 40).in_addition, Settle(3, 40, 1).in_addition) == (False, True)
