"""What a run's own report says of what the transfer changed."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.runs import transferred

N = 120


def frame(seed, marked, turned=False):
    """Return a table whose `stamp` goes with the class in the source alone."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, N)
    size = label + rng.normal(0, 1.0, N)
    stamp = (6.0 * label + rng.normal(0, 0.3, N)) if marked else np.full(N, 0.0)
    names = ("green", "ripe") if turned else ("ripe", "green")
    label = np.where(label == 1, *names)
    return pd.DataFrame({"size": size, "stamp": stamp, "label": label})


def run(out, target, source=None, **how):
    given = {"method": "source-only", "budget": "20s"} | how
    made = landbridge.transfer(
        source=frame(0, True) if source is None else source,
        target=target,
        label="label",
        target_labels="judge",
        backbone="identity",
        seeds=1,
        out=out,
        **given,
    )
    return made, json.loads((made.path / "explained.json").read_text())


@pytest.fixture(scope="module")
def stamped(tmp_path_factory):
    return run(tmp_path_factory.mktemp("stamped") / "run", frame(1, False))


def test_a_shortcut_of_the_source_is_said_by_the_run(stamped):
    made, found = stamped
    assert [one["unit"] for one in found["shortcuts"]] == ["stamp"]
    said = found["shortcuts"][0]["sentence"]
    assert said in [e.get("message") for e in made.log() if e["event"] == "warning"]
    page = (made.path / "report.html").read_text()
    assert "What the target does not have" in page
    assert found["target"][0]["unit"] == "size"


def test_truth_changes_nothing_of_what_answers_rest_on(stamped, tmp_path):
    _, ours = stamped
    _, theirs = run(tmp_path / "run", frame(1, False, turned=True))
    for key in ("method", "check", "target", "source", "shortcuts", "features", "changed"):
        assert ours[key] == theirs[key]


def shifted(seed, move):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, 2 * N)
    x = 3.0 * label[:, None] + rng.normal(size=(2 * N, 3)) + move
    columns = dict(zip("abc", x.T, strict=True))
    return pd.DataFrame(columns | {"label": np.where(label == 1, "ripe", "green")})


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    out = tmp_path_factory.mktemp("moved") / "run"
    return run(out, shifted(1, 4.0), shifted(0, 0.0), method="coral")


def test_rows_that_became_right_are_explained_on_both_sides(moved):
    made, found = moved
    examples = json.loads((made.path / "examples.json").read_text())
    assert found["fixed"] == examples["fixed_count"] > 10
    assert found["rows"][0]["before"]["right"] is False
    assert found["rows"][0]["after"]["right"] is True
    for row in found["rows"]:
        assert row["after"]["answer"] != row["before"]["answer"]
        assert {name for name, _ in row["after"]["units"]} == {"a", "b", "c"}
    right = {side: sum(one[side] for one in found["classes"]) for side in ("before", "after")}
    assert sum(one["rows"] for one in found["classes"]) == 2 * N
    assert right["after"] - right["before"] == found["fixed"] - examples["broken_count"]
    page = (made.path / "report.html").read_text()
    assert "went from wrong to right" in page
    assert "Which classes gained" in page


def test_what_would_take_long_is_left_out_and_the_report_says_how(monkeypatch, tmp_path):
    monkeypatch.setattr(transferred, "SHARE", 0.0)
    made, found = run(tmp_path / "run", shifted(1, 4.0), shifted(0, 0.0), method="coral")
    assert found["skipped"]
    assert not found["rows"]
    assert found["fixed"] > 10  # what costs nothing is there
    assert "landbridge explain run" in (made.path / "report.html").read_text()


def test_a_damaged_file_is_said(moved, tmp_path):
    from landbridge.report.run.build import write_report

    made, _ = moved
    file = made.path / "explained.json"
    whole = file.read_text()
    try:
        file.write_text('{"chosen": "coral", "shortcuts": [{"unit": 3}]}')
        page = write_report(made.path, tmp_path / "page.html").read_text()
    finally:
        file.write_text(whole)
    assert "holds something unexpected" in page
