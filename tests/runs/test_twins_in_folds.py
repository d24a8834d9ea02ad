"""A verdict from folds is not about labelled rows that the source has as well."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.base.config import RunConfig
from landbridge.base.events import Events
from landbridge.domains.seen import Seen
from landbridge.runs.context import FitContext
from landbridge.runs.folds import compared_rows, learned_rows
from landbridge.runs.load import read_task
from landbridge.runs.prepare import prepare
from landbridge.verdict.without_labels import cross_validated_verdict


def rows(seed: int, n: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    table = pd.DataFrame(rng.normal(size=(n, 4)) + 2 * y[:, None], columns=list("abcd"))
    return table.assign(label=np.array(["no", "yes"])[y])


def sides(copies: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a source and a target of few labels (nothing is sealed), some rows in both."""
    source, target = rows(0, 60), rows(1, 30)
    target.loc[7:, "label"] = None
    source.iloc[:copies] = target.iloc[:copies]
    return source, target


def test_what_is_found_is_kept_with_the_workspace(tmp_path):
    source, target = sides(3)
    task = read_task(RunConfig(), source, target)
    assert task.target.sealed is None
    assert any("3 of 7 labelled rows are in the source" in note for note in task.target.notes)
    made = prepare(task, RunConfig(), tmp_path, Events())
    made.save()
    for context in (made, FitContext.load(tmp_path)):
        assert np.flatnonzero(learned_rows(context.data.target)).tolist() == [0, 1, 2]
        assert np.flatnonzero(compared_rows(context.data.target)).tolist() == [3, 4, 5, 6]


@pytest.mark.parametrize(
    ("kept", "said"), [("", "3 more labelled rows were left out"), ("asked", "too good")]
)
def test_the_verdict_says_it(kept, said):
    hits = np.array([[1.0, 0, 1, 1]])
    verdict = cross_validated_verdict(
        chosen="mcc",
        what={},
        correct={"mcc": hits, "probe": hits},
        reference="probe",
        seen=Seen(3, 7, 3, kept=kept),
    )
    assert said in verdict.sentence
    assert verdict.seen.found == 3


@pytest.mark.slow
def test_a_verdict_from_folds_leaves_them_out(tmp_path):
    source, target = sides(3)
    options = {
        "candidates": ["source-only", "probe"],
        "seeds": 1,
        "training": {"steps": 5, "source_steps": 5, "threads": 1},
    }
    run = landbridge.transfer(source, target, out=tmp_path / "run", **options)
    assert run.verdict["kind"] == "cross-validated"
    assert (run.verdict["judged_rows"], run.verdict["seen"]["found"]) == (4, 3)
    judged = pd.read_parquet(tmp_path / "run" / "predictions.parquet")["row"]
    assert sorted(set(judged)) == [3, 4, 5, 6]
    none = landbridge.transfer(*sides(7), out=tmp_path / "none", **options)
    assert none.verdict["outcome"] == "can't tell"
    assert "7 that are among what is learned from" in none.choice["reason"]
    again = landbridge.transfer(tmp_path / "run", target, out=tmp_path / "again", **options)
    assert again.data["target"]["held"]["seen"]["found"] == 7  # the run learned from all of them
