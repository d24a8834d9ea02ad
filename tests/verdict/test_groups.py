"""Rows of one patient are alike: a verdict's intervals go by groups, in a file and in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import landbridge
from landbridge.domains.sealed import SealedLabels
from landbridge.metrics.estimates import mean_interval
from landbridge.verdict.evaluate import Predicted, evaluate_predictions
from landbridge.verdict.records import Verdict
from landbridge.verdict.without_labels import cross_validated_verdict

GROUPS = np.repeat(np.arange(6), 10)
RIGHT = np.isin(GROUPS, [0, 1, 2, 3])  # whole groups are right, or wrong


def verdict_of(groups):
    names = ["rose"] * 60
    sure = np.stack([RIGHT, ~RIGHT], 1).astype(np.float32)[None]
    wrong = np.stack([np.arange(60) % 2 == 0, np.arange(60) % 2 == 1], 1).astype(np.float32)[None]
    predictions = [
        Predicted("mcc", "chosen", "adapted", (0,), sure),
        Predicted("source-only", "baseline", "as it is", (0,), wrong),
    ]
    sealed = SealedLabels(names)
    return evaluate_predictions(
        sealed, ("rose", "tulip"), predictions, "source-only", groups=groups
    )[0]


def width(found):
    return found.high - found.low


def test_all_intervals_go_by_groups_and_the_verdict_says_so():
    alone, grouped = verdict_of(None), verdict_of(GROUPS)
    assert width(grouped.chosen.score) > 1.5 * width(alone.chosen.score)
    assert width(grouped.difference) > 1.5 * width(alone.difference)
    assert grouped.chosen.score.value == alone.chosen.score.value
    assert grouped.judged_groups == 6
    assert grouped.settle is None
    assert alone.settle is not None
    assert "The 60 rows are of 6 groups, and intervals go by groups." in grouped.sentence
    assert "groups" not in alone.sentence
    assert "judged_groups" not in alone.to_json()
    assert Verdict.from_json(grouped.to_json()).to_json() == grouped.to_json()


def test_folds_go_by_groups_as_well():
    correct = {"mcc": RIGHT[None], "scratch": np.arange(60)[None] % 2 == 0}
    alone, grouped = (
        cross_validated_verdict(
            chosen="mcc", what={}, correct=correct, reference="scratch", groups=groups
        )
        for groups in (None, GROUPS)
    )
    assert width(grouped.difference) > 1.5 * width(alone.difference)
    assert "60 rows are of 6 groups" in grouped.sentence
    assert Verdict.from_json(grouped.to_json()).judged_groups == 6


@pytest.mark.slow
def test_a_run_judges_whole_groups_and_answers_rows_without_the_column(tmp_path):
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(12), 8)
    kind = rng.integers(0, 2, 96)
    x = rng.normal(size=(96, 2)) + 2 * kind[:, None]
    target = pd.DataFrame({"width": x[:, 0], "height": x[:, 1], "patient": patient})
    target["kind"] = np.where(kind, "rose", "lily")
    source = target.drop(columns="patient").sample(60, random_state=0)
    run = landbridge.transfer(
        source,
        target.sample(frac=1, random_state=1),
        label="kind",
        holdout="group:patient",
        method="coral",
        seeds=1,
        keep_duplicates=True,
        training={"source_steps": 5, "steps": 5, "threads": 1},
        out=tmp_path / "run",
    )
    assert run.verdict["judged_groups"] == run.verdict["judged_rows"] / 8
    assert "intervals go by groups" in (tmp_path / "run" / "report.html").read_text("utf-8")
    assert len(run.predict(target[["width", "height"]])) == 96
    table = pq.read_table(tmp_path / "run" / "predictions.parquet")
    assert len(set(table.column("group").to_pylist())) == run.verdict["judged_groups"]
    fresh = target.assign(width=target["width"] + 1 + rng.normal(size=96) / 9)
    by_group, alone = run.evaluate(fresh), run.evaluate(fresh.drop(columns="patient"))
    assert (by_group["judged_groups"], "judged_groups" in alone) == (12, False)
    assert by_group["accuracy"] == alone["accuracy"]
    right = [row["predicted"] for row in run.predict(fresh)] == fresh["kind"]
    known = mean_interval(right.to_numpy(), groups=patient)
    assert (by_group["low"], by_group["high"]) == pytest.approx((known.low, known.high))
    if by_group["comparison"]["outcome"] is not None:
        assert "12 groups" in by_group["comparison"]["sentence"]
        assert "groups" not in alone["comparison"]["sentence"]
