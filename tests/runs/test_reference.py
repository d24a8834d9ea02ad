"""What a named method is measured against: the best baseline, as the target's labels tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.base.config import make_config
from landbridge.runs.pipeline import plan
from landbridge.runs.reference import rivals

TRAINING = {"steps": 3, "source_steps": 3, "batch_size": 16, "threads": 1, "precision": "float32"}


def table(n, seed):
    """Return rows whose label is a threshold of one column, which trees find and little else."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    return frame.assign(y=np.where(frame["a"].abs() < 0.7, "in", "out"))


def test_a_named_method_is_measured_against_the_best_baseline(tmp_path):
    run = landbridge.transfer(
        *(table(80, 0), table(160, 1)),
        label="y",
        method="finetune",
        seeds=1,
        out=tmp_path / "run",
        training=TRAINING,
    )
    assert run.choice["kind"] == "given"
    assert run.verdict["reference"] == run.choice["reference"] == "boosted-trees"
    reason = run.choice["reference_reason"]
    assert "cross-validation" in reason
    baselines = {row["method"]: row for row in run.verdict["baselines"]}
    assert all(name in reason for name in baselines)
    assert {"scratch", "probe", "source-only", "boosted-trees"} == set(baselines)
    assert all(row["difference"] is not None for row in baselines.values())
    assert baselines["scratch"]["mean"] < baselines["boosted-trees"]["mean"]
    page = (tmp_path / "run" / "report.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    assert f"It is compared with boosted-trees: {reason}." in page


def test_the_comparison_of_baselines_is_planned_and_a_budget_may_leave_it_out():
    def planned(budget):
        config = make_config({"method": "finetune", "budget": budget, "training": {"threads": 1}})
        x = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
        sides = [landbridge.read_domain(x + i, labels=["a", "b"] * 100) for i in (0, 1)]
        return plan(config, source=sides[0], target=sides[1])

    long, short = planned("1h"), planned("1s")
    assert (long["folds"], long["repeats"]) == (3, 1)
    assert short["folds"] == 0
    assert long["candidates"] == []


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("mcc", ["source-only", "probe", "scratch"]),
        ("probe", ["scratch"]),
        ("scratch", []),
    ],
)
def test_rivals(method, expected):
    assert rivals(("source-only", "probe", "scratch"), method) == expected


def test_with_labels_too_few_to_compare_scratch_is_not_what_counts(tmp_path):
    target = table(60, 1)
    target.loc[2:, "y"] = None
    run = landbridge.transfer(
        *(table(80, 0), target),
        label="y",
        method="finetune",
        seeds=1,
        out=tmp_path / "run",
        training=TRAINING,
    )
    assert run.choice["reference"] == "source-only"
    assert "few target labels" in run.choice["reference_reason"]
