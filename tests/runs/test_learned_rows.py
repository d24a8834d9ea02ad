"""Rows that a run learned from are known again: by `eval`, and where the run is a source."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.base.errors import DataError, RunError
from landbridge.domains.learned import LEARNED, has_learned, load_learned
from landbridge.runs.learned import SKETCHES, load_sketches, row_prints

QUICK = {"seeds": 1, "budget": "60s", "training": {"threads": 1, "steps": 5, "source_steps": 5}}


def rows(seed: int, n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    table = pd.DataFrame(rng.normal(size=(n, 4)) + 3 * y[:, None], columns=list("abcd"))
    return table.assign(label=np.where(y, "yes", "no"))


def test_what_fills_up_rows_is_no_part_of_a_hash():
    short, long = np.array([[3, 4, -1]]), np.array([[3, 4, -1, -1], [3, 4, 0, -1]])
    assert row_prints(short)[0] == row_prints(long)[0] != row_prints(long)[1]
    sound = np.array([[0.5, np.nan]], np.float32)
    assert row_prints(sound)[0] == row_prints(np.array([[0.5]], np.float32))[0]
    pictures = np.zeros((2, 3, 8, 8), np.uint8)
    pictures[1, 0, 0, 0] = 1
    assert len(set(row_prints(pictures).tolist())) == 2


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "run"
    options = {"target_labels": "judge", "method": "source-only", "out": folder}
    landbridge.transfer(rows(0), rows(1), backbone="mlp", **options, **QUICK)
    return landbridge.load(folder)


def test_a_column_that_is_not_there_is_said_without_options_of_ours(made):
    for act in (made.predict, made.evaluate):
        with pytest.raises(DataError, match="'b', which the model learned from; it has") as caught:
            act(rows(2).drop(columns="b"))
        assert "columns that it learned from" in caught.value.hint


def test_eval_leaves_out_what_was_learned_from(made):
    assert len(load_learned(made.path)) == 40  # the source; the target's labels are sealed
    new = rows(2)
    whole = made.evaluate(new)
    assert (whole["n"], whole["seen"]["found"], whole["left_out"]) == (40, 0, 0)
    mixed = pd.concat([rows(0).iloc[:15], new], ignore_index=True)
    found = made.evaluate(mixed)
    assert (found["n"], found["seen"]["found"], found["seen"]["of"]) == (40, 15, 55)
    assert found["accuracy"] == whole["accuracy"]
    assert found["comparison"] == whole["comparison"]
    assert found["seen"]["rows"][0].endswith("0")
    kept = made.evaluate(mixed, keep_duplicates=True)
    assert (kept["n"], kept["seen"]["kept"]) == (55, "asked")
    every = made.evaluate(rows(0))
    assert (every["n"], every["seen"]["kept"]) == (40, "all")
    assert every["comparison"]["outcome"] in (None, "can't tell")
    assert made.evaluate(rows(1))["seen"]["found"] == 0  # judged, and not learned from


def test_eval_knows_rounded_rows_again(made):
    assert load_sketches(made.path).shape == (40, 8)
    rounded = rows(0).iloc[:15].round(2)
    found = made.evaluate(pd.concat([rounded, rows(2)], ignore_index=True))
    assert (found["n"], found["seen"]["found"], found["seen"]["near"]) == (40, 15, 15)
    assert found["seen"]["looked"]


def test_damaged_sketches_are_an_error(tmp_path):
    assert load_sketches(tmp_path) is None
    for content in (b"nothing", None):
        if content is None:
            np.save(tmp_path / SKETCHES, np.zeros(3))
        else:
            (tmp_path / SKETCHES).write_bytes(content)
        with pytest.raises(RunError, match=SKETCHES):
            load_sketches(tmp_path)


def test_rows_of_few_values_are_not_taken_for_learned_ones(tmp_path):
    def few(seed):
        rng = np.random.default_rng(seed)
        table = pd.DataFrame(rng.integers(0, 3, (80, 3)), columns=list("abc")).astype(float)
        return table.assign(label=np.where(table["a"] > 1, "yes", "no"))

    run = landbridge.transfer(
        few(0), few(1), target_labels="judge", method="probe", out=tmp_path / "run", **QUICK
    )
    found = run.evaluate(few(2))
    assert found["n"] == 80
    assert found["seen"]["chance"] > 40


@pytest.mark.slow
def test_a_run_that_is_the_source_says_what_it_learned_from(made, tmp_path):
    target = pd.concat([rows(0).iloc[:12], rows(3)], ignore_index=True)
    run = landbridge.transfer(
        made.path, target, target_labels="judge", method="source-only", out=tmp_path / "next",
        **QUICK,
    )  # fmt: skip
    assert run.verdict["judged_rows"] == 40
    assert (run.verdict["seen"]["found"], run.verdict["seen"]["of"]) == (12, 52)
    assert len(load_learned(tmp_path / "next")) == 40
    kept = landbridge.transfer(
        made.path, target, target_labels="judge", method="source-only", keep_duplicates=True,
        out=tmp_path / "kept", **QUICK,
    )  # fmt: skip
    assert kept.verdict["judged_rows"] == 52
    assert kept.verdict["seen"]["kept"] == "asked"


@pytest.mark.slow
def test_the_command_and_older_runs(made, tmp_path):
    import shutil

    from typer.testing import CliRunner

    from landbridge.artifacts.state import mark_complete
    from landbridge.cli.app import app

    path = tmp_path / "rows.csv"
    pd.concat([rows(0).iloc[:15], rows(2)]).to_csv(path, index=False)
    for more, n in (([], 40), (["--keep-duplicates"], 55)):
        got = CliRunner().invoke(app, ["eval", str(made.path), str(path), "--json", *more])
        assert got.exit_code == 0, got.output
        assert json.loads(got.stdout)["n"] == n
    shutil.copytree(made.path, tmp_path / "older")
    (tmp_path / "older" / SKETCHES).unlink()
    mark_complete(tmp_path / "older")
    equal = landbridge.load(tmp_path / "older").evaluate(path)
    assert (equal["n"], equal["seen"]["looked"]) == (40, False)
    (tmp_path / "older" / LEARNED).unlink()
    mark_complete(tmp_path / "older")
    assert not has_learned(tmp_path / "older")
    found = landbridge.load(tmp_path / "older").evaluate(path)
    assert (found["n"], found["seen"]) == (55, None)
