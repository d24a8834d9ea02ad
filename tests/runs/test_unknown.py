"""Rows of no known class: what a run remembers for them, and what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest

import landbridge
from landbridge.base.errors import ConfigError, RunError

TRAINING = {"steps": 5, "source_steps": 200, "batch_size": 32, "threads": 1, "precision": "float32"}


def transfer(source, target, out, **how):
    return landbridge.transfer(
        source, target, out=out, seeds=1, training=TRAINING, budget="10m", **how
    )


def marked(run, rows, rate):
    return np.array([row["unknown"] for row in run.predict(rows, unknown=rate)])


def test_unknown_rows(tmp_path, blobs):
    four = blobs(800, seed=3, classes=("ant", "bee", "cat", "dog"))
    run = transfer(
        blobs(900),
        blobs(60, seed=1),
        tmp_path / "run",
        target_labels="judge",
        method="source-only",
    )
    facts = json.loads((run.path / "unknown.json").read_text())
    calibration = np.array(facts["calibration"])
    assert facts["score"] == "confidence"
    assert len(calibration) == 90  # a tenth of the source, none of which was learned from
    assert (np.diff(calibration) >= 0).all()
    assert "unknown.json" in json.loads((run.path / "run.json").read_text())["files"]

    known, strange = blobs(900, seed=2)[0], four[0][four[1] == "dog"]
    for rate in (0.02, 0.1):
        sure = np.array([max(row["probability"].values()) for row in run.predict(known)])
        p = np.array([(1 + (calibration <= s).sum()) / 91 for s in sure])
        assert (marked(run, known, rate) == (p <= rate)).mean() > 0.995  # float32 beside float64
    assert marked(run, known, 0.1).mean() < 0.2
    assert marked(run, strange, 0.1).mean() > 0.5
    assert "unknown" not in run.predict(known[:1])[0]

    heard = []

    class Listener:
        def event(self, event):
            heard.append(event)

    from landbridge.base.events import Events

    rows = run.predict(strange, unknown=0.005, events=Events(None, Listener()))
    assert not any(row["unknown"] for row in rows)
    assert any("90 validation rows cannot hold" in e.get("message", "") for e in heard)
    with pytest.raises(ConfigError, match="between 0 and 1"):
        run.predict(known, unknown=5)


def test_a_run_without_a_labelled_source_says_so(tmp_path, blobs):
    run = transfer(None, blobs(60), tmp_path / "run", method="scratch")
    assert not (run.path / "unknown.json").exists()
    with pytest.raises(RunError, match="no labelled source") as caught:
        run.predict(blobs(9)[0], unknown=0.05)
    assert "--unknown" in caught.value.hint


def test_a_method_that_is_known_to_hurt_says_so(tmp_path, blobs, monkeypatch):
    from dataclasses import replace

    from landbridge.methods.core.base import METHODS

    kind = METHODS.get("infomax")
    monkeypatch.setattr(kind, "needs", replace(kind.needs, warning="where all rows are grey"))
    for method, expected in (("infomax+mcc", True), ("source-only", False)):
        run = transfer(
            blobs(60), blobs(60), tmp_path / method, target_labels="judge", method=method
        )
        notes = [e["message"] for e in run.log() if e["event"] == "note"]
        said = any("infomax+mcc may hurt where all rows are grey" in n for n in notes)
        assert said == expected
