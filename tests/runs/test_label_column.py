"""A run remembers the column of its labels: `eval` reads it, `predict` does not trip over it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.base.events import SILENT, Events

LABEL = "got_better"
QUICK = {"method": "probe", "seeds": 1, "budget": "60s", "training": {"threads": 1}}


def rows(seed: int, kind: str = "multiclass", n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    table = pd.DataFrame(rng.normal(size=(n, 3)) + 3 * y[:, None], columns=list("abc"))
    if kind == "regression":
        table.insert(0, LABEL, table.sum(axis=1))
    elif kind == "whole numbers":
        table.insert(0, LABEL, y)
    else:
        table.insert(0, LABEL, np.where(y, "yes", "no"))
    return table


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a run of each kind of label, made when it is first asked for."""
    runs: dict[str, landbridge.Run] = {}

    def get(kind: str):
        if kind not in runs:
            folder = tmp_path_factory.mktemp("run") / "run"
            options = {"label": LABEL, "target_labels": "judge", "out": folder}
            if kind == "regression":
                options["target_type"] = kind
            landbridge.transfer(rows(0, kind), rows(1, kind), **options, **QUICK)
            runs[kind] = landbridge.load(folder)
        return runs[kind]

    return get


KINDS = [
    "multiclass",
    pytest.param("regression", marks=pytest.mark.slow),
    pytest.param("whole numbers", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("carrier", ["csv", "parquet", "jsonl", "frame"])
def test_the_column_is_known_again(made, tmp_path, kind, carrier):
    run, new = made(kind), rows(2, kind)

    def written(table: pd.DataFrame, name: str):
        if carrier == "frame":
            return table
        path = tmp_path / f"{name}.{carrier}"
        if carrier == "csv":
            table.to_csv(path, index=False)
        elif carrier == "parquet":
            table.to_parquet(path)
        else:
            table.to_json(path, orient="records", lines=True)
        return path

    named = run.evaluate(written(new, "new"), label=LABEL)
    assert run.evaluate(written(new, "new")) == named
    assert named["n"] == 40
    answers = [row["predicted"] for row in run.predict(written(new, "new"))]
    for other in (
        new.drop(columns=LABEL),
        new.assign(**{LABEL: None}),
        new.assign(**{LABEL: [f"note {i}" for i in range(40)]}),
        new[["c", "b", "a", LABEL]],
    ):
        said: list = []
        heard = SimpleNamespace(event=said.append, progress=SILENT.progress)
        got = run.predict(written(other, "other"), events=Events(None, heard))
        assert [row["predicted"] for row in got] == answers
        assert not [e for e in said if e["event"] == "warning" or "label" in e["message"]]
        assert len(run.model.predict(written(other, "other"))) == 40


def test_another_column_is_taken_where_it_is_named_or_called_label(made):
    run, new = made("multiclass"), rows(2)
    whole = run.evaluate(new)["accuracy"]
    assert run.evaluate(new.rename(columns={LABEL: "label"}))["accuracy"] == whole
    other = new.assign(second=new[LABEL][::-1].to_numpy())
    assert run.evaluate(other, label="second")["accuracy"] < whole
    with pytest.raises(landbridge.base.errors.DataError, match="no labels to compare with"):
        run.evaluate(new.drop(columns=LABEL).assign(word=["x", "z"] * 20))


@pytest.mark.slow
def test_the_commands(made, tmp_path):
    from typer.testing import CliRunner

    from landbridge.cli.app import app

    run, path = made("multiclass"), tmp_path / "new.csv"
    rows(2).to_csv(path, index=False)
    got = CliRunner().invoke(app, ["eval", str(run.path), str(path), "--json"])
    assert got.exit_code == 0, got.output
    assert json.loads(got.stdout)["accuracy"] == run.evaluate(path)["accuracy"]
    got = CliRunner().invoke(app, ["predict", str(run.path), str(path), "--json"])
    assert got.exit_code == 0, got.output
