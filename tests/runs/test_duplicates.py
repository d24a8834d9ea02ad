"""A verdict is not about rows that were learned from: left out and counted, or kept, and said."""

from __future__ import annotations

import json
import types

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.base.config import make_config
from landbridge.runs.evaluate import _unlabelled
from landbridge.runs.load import read_task

QUICK = {"method": "probe", "seeds": 1, "budget": "60s", "training": {"threads": 1}}


def rows(seed: int, n: int, answers: str = "multiclass") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    table = pd.DataFrame(rng.normal(size=(n, 4)) + 2 * y[:, None], columns=list("abcd"))
    if answers == "regression":
        return table.assign(label=table.sum(axis=1) + rng.normal(size=n))
    return table.assign(label=np.array(["no", "yes"])[y])


def write(table: pd.DataFrame, path, carrier: str):
    if carrier == "frame":
        return table
    if carrier == "arrays":
        return table[list("abcd")].to_numpy(), table["label"].tolist()
    file = path.with_suffix(f".{carrier}")
    if carrier == "csv":
        table.round(6).to_csv(file, index=False)
    elif carrier == "parquet":
        table.to_parquet(file)
    else:
        table.to_json(file, orient="records", lines=True)
    return file


def sides(answers: str = "multiclass", copies: int = 20) -> tuple[pd.DataFrame, pd.DataFrame]:
    source, target = rows(0, 80, answers), rows(1, 40, answers)
    source.iloc[:copies] = target.iloc[:copies]
    return source, target


@pytest.mark.parametrize(
    ("one", "other", "answers"),
    [
        ("csv", "parquet", "multiclass"),
        pytest.param("jsonl", "frame", "regression", marks=pytest.mark.slow),
        pytest.param("arrays", "arrays", "multiclass", marks=pytest.mark.slow),
    ],
)
def test_rows_of_the_source_are_not_judged(tmp_path, one, other, answers):
    source, target = sides(answers)
    run = landbridge.transfer(
        write(source, tmp_path / "s", one),
        write(target, tmp_path / "t", other),
        target_labels="judge",
        target_type=answers,
        out=tmp_path / "run",
        **QUICK,
    )
    assert run.verdict["judged_rows"] == 20
    assert (run.verdict["seen"]["found"], run.verdict["seen"]["of"]) == (20, 40)
    assert "20 more labelled rows were left out of the judged ones" in run.verdict["sentence"]
    judged = pd.read_parquet(tmp_path / "run" / "predictions.parquet")["row"]
    assert sorted(set(judged)) == list(range(20, 40))
    assert any("left out of what is judged" in note for note in run.data["target"]["notes"])
    warned = [event for event in run.log() if event["event"] == "warning"]
    assert any(event.get("count") == 20 for event in warned)
    assert "left out of the judged ones" in (tmp_path / "run" / "report.html").read_text("utf-8")


@pytest.mark.parametrize(("bare", "left"), [(0, 0), (3, 3)])
def test_rows_that_were_left_out_are_no_rows_to_label(bare, left):
    source, target = sides()
    target.loc[target.index[-bare:] if bare else [], "label"] = None
    task = read_task(make_config({"data": {"target_labels": "judge"}}), source, target)
    raced = types.SimpleNamespace(fits={}, chosen="probe", reference="source-only")
    usable = task.target.for_training()
    context = types.SimpleNamespace(data=types.SimpleNamespace(target=usable, reading=None))
    assert task.target.seen.found == 20
    assert _unlabelled(context, task, raced).count == left


@pytest.mark.slow
def test_they_are_kept_where_that_is_asked_and_that_is_said(tmp_path):
    from typer.testing import CliRunner

    from landbridge.cli.app import app

    source, target = sides()
    paths = [str(write(x, tmp_path / n, "csv")) for x, n in ((source, "s"), (target, "t"))]
    words = ["transfer", "--source", paths[0], "--target", paths[1], "--target-labels", "judge"]
    words += ["--method", "probe", "--seeds", "1", "--set", "training.threads=1", "--json"]
    got = CliRunner().invoke(app, [*words, "--keep-duplicates", "--out", str(tmp_path / "run")])
    assert got.exit_code == 0, got.output
    verdict = json.loads(got.stdout)["verdict"]
    assert verdict["judged_rows"] == 40
    assert verdict["seen"]["kept"] == "asked"
    assert "kept, as asked: the figures are too good" in verdict["sentence"]
    assert "--keep-duplicates" in json.loads((tmp_path / "run" / "run.json").read_text())["command"]


@pytest.mark.slow
def test_where_all_were_learned_from_nothing_is_told(tmp_path):
    table = rows(0, 60)
    run = landbridge.transfer(
        table, table.copy(), target_labels="judge", out=tmp_path / "run", **QUICK
    )
    assert run.verdict["outcome"] == "can't tell"
    assert "60 of 60 judged rows were learned from" in run.verdict["sentence"]
    assert run.verdict["seen"]["kept"] == "all"


@pytest.mark.slow
def test_a_target_that_holds_rows_twice_is_judged_on_others(tmp_path):
    table = rows(0, 40)
    run = landbridge.transfer(
        None, pd.concat([table, table[:10]]), method="scratch", out=tmp_path / "run",
        seeds=1, budget="60s", training={"threads": 1, "steps": 5},
    )  # fmt: skip
    seen = run.verdict["seen"]
    assert seen["found"] > 0
    assert seen["source"] == 0
    assert run.verdict["judged_rows"] == seen["of"] - seen["found"]
