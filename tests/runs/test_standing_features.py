"""A method that moves features says so where features stand still."""

from __future__ import annotations

import numpy as np
import pytest

import landbridge
from landbridge.base.config import make_config
from landbridge.base.events import Events
from landbridge.domains.read import read_domain
from landbridge.runs.pipeline import plan

RNG = np.random.default_rng(0)
Y = np.array(["a", "b"] * 30, object)
SIDES = [(RNG.normal(size=(60, 5)) + i).astype(np.float32) for i in (0, 1)]


class Heard:
    def __init__(self):
        self.warnings = []

    def event(self, event):
        if event["event"] == "warning":
            self.warnings.append(event["message"])

    def progress(self, what, total):
        return Events().progress(what, total)


def warned(method, backbone):
    config = make_config(
        {
            "method": method,
            "backbone": backbone,
            "training": {"threads": 1},
            "data": {"target_labels": "judge"},
        }
    )
    heard = Heard()
    sides = [read_domain(x, labels=Y) for x in SIDES]
    plan(config, source=sides[0], target=sides[1], events=Events(None, heard))
    return [said for said in heard.warnings if "stand still" in said]


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ("dann", "dann teaches by moving features"),
        ("dan+deep-coral", "only trains the head for longer"),
        ("mcc+dann", "leave it out"),
    ],
)
def test_a_term_that_moves_features_is_warned_of_where_they_stand_still(method, says):
    (said,) = warned(method, "identity")
    assert says in said
    assert "consensus" in said


@pytest.mark.parametrize(
    ("method", "backbone"), [("mcc", "identity"), ("coral", "identity"), ("dann", "mlp")]
)
def test_no_warning_where_something_is_learned(method, backbone):
    assert not warned(method, backbone)


def test_the_report_has_the_warning(tmp_path):
    run = landbridge.transfer(
        *((x, Y) for x in SIDES),
        target_labels="judge",
        method="dann",
        backbone="identity",
        seeds=1,
        out=tmp_path / "run",
        training={"threads": 1, "steps": 3, "source_steps": 3},
    )
    assert "teaches by moving features" in (run.path / "report.html").read_text()
