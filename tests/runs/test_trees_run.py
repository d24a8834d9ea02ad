"""Boosted trees beside a network on a table: fitted on its columns, kept, predicted with."""

from __future__ import annotations

import numpy as np
import pandas as pd

import landbridge


def test_trees_are_a_baseline_on_tables_and_are_no_transfer(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 6)), columns=list("abcdef"))
    frame["word"] = rng.choice(["x", "y"], 400)
    # Steps in single columns: what trees see at once, and a short training of a net does not.
    steps = (frame["a"].abs() < 0.7) | ((frame["b"] > 1) & (frame["word"] == "x"))
    frame["label"] = np.where(steps, "yes", "no")
    run = landbridge.transfer(
        None,
        frame,
        label="label",
        out=tmp_path / "run",
        seeds=1,
        training={"steps": 30, "threads": 1},
    )
    assert run.verdict["chosen"]["method"] == "boosted-trees"
    assert run.verdict["chosen"]["mean"] > 0.9
    assert run.verdict["sentence"].startswith("No transfer was kept")
    assert [b["method"] for b in run.verdict["baselines"]] == ["scratch"]
    again = landbridge.load_run(run.path)
    said = again.model.predict(frame.drop(columns="label"))
    assert (said == frame["label"]).mean() > 0.9
