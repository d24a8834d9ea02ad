"""`eval` on labels that come later says whether transfer helped, as the verdict does."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.artifacts.state import mark_complete
from landbridge.base.errors import RunError
from landbridge.domains.read import read_domain

TRAINING = {"threads": 1, "steps": 20, "source_steps": 20}


def rows(seed: int, n: int, answers: str, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    table = pd.DataFrame(rng.normal(size=(n, 4)) + 2.5 * y[:, None], columns=list("abcd"))
    label = {
        "multiclass": np.where(y, "yes", "no"),
        "regression": table.sum(axis=1) + 0.1 * rng.normal(size=n),
        "multilabel": [
            ["high"] * bool(a) + ["warm"] * bool(b > 1) for a, b in zip(y, table["a"], strict=True)
        ],
    }[answers]
    return (table + shift).assign(label=label)


def domain(table: pd.DataFrame, answers: str):
    return read_domain(
        (table[list("abcd")], table["label"].tolist()), target_type=answers, name="rows"
    )


KINDS = [
    "multiclass",
    pytest.param("regression", marks=pytest.mark.slow),
    pytest.param("multilabel", marks=pytest.mark.slow),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a run on few labels, whose reference is training on them alone."""
    runs: dict[str, landbridge.Run] = {}

    def get(answers: str):
        if answers not in runs:
            folder = tmp_path_factory.mktemp("run") / "run"
            landbridge.transfer(
                domain(rows(0, 200, answers), answers),
                domain(rows(1, 40, answers, 0.5), answers),
                method="joint",
                target_type=answers,
                seeds=1,
                training=TRAINING,
                out=folder,
            )
            runs[answers] = landbridge.load(folder)
        return runs[answers]

    return get


@pytest.mark.parametrize("answers", KINDS)
def test_the_reference_is_kept_and_compared(made, answers):
    run = made(answers)
    reference = run.verdict["reference"]
    assert reference not in (None, run.choice["method"])
    new = domain(rows(2, 80, answers, 0.5), answers)
    found = run.evaluate(new)
    said = found["comparison"]
    assert said["outcome"] in ("helped", "hurt", "can't tell")
    assert said["reference"]["method"] == reference
    assert said["sentence"].endswith(".")
    main = found["accuracy"] if answers == "multiclass" else found["value"]
    other = run.reference.values(new)
    if answers == "multiclass":
        names = np.array(run.classes)[other.argmax(1)]
        truth = np.array(new.classes)[new.labels]
        expected = float((names == truth).mean())
        assert said["difference"]["mean"] == pytest.approx(main - expected)
    elif answers == "regression":
        expected = float(np.abs(other[:, 0] - new.labels).mean())
        assert said["difference"]["mean"] == pytest.approx(expected - main)
    else:
        assert said["reference"]["mean"] == pytest.approx(main - said["difference"]["mean"])
        return
    assert said["reference"]["mean"] == pytest.approx(expected)


def test_on_the_judged_rows_it_says_what_the_verdict_says(made):
    run = made("multiclass")
    table = rows(1, 40, "multiclass", 0.5)
    judged = pd.read_parquet(run.path / "predictions.parquet")
    own = sorted(set(judged["row"]))
    said = run.evaluate(domain(table.iloc[own].reset_index(drop=True), "multiclass"))["comparison"]
    assert said["outcome"] == run.verdict["outcome"]
    assert said["difference"] == pytest.approx(run.verdict["difference"])


def test_it_is_sealed_and_a_run_without_it_says_so(made, tmp_path):
    run, new = made("multiclass"), domain(rows(2, 40, "multiclass", 0.5), "multiclass")
    for folder in ("damaged", "older"):
        shutil.copytree(run.path, tmp_path / folder)
    file = tmp_path / "damaged" / "reference" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(RunError, match=r"model\.safetensors"):
        landbridge.load(tmp_path / "damaged")
    shutil.rmtree(tmp_path / "older" / "reference")
    mark_complete(tmp_path / "older")
    said = landbridge.load(tmp_path / "older").evaluate(new)["comparison"]
    assert said["outcome"] is None
    assert "earlier version" in said["sentence"]


@pytest.mark.slow
def test_where_no_transfer_was_kept_there_is_nothing_to_compare(tmp_path):
    target = domain(rows(1, 60, "multiclass"), "multiclass")
    run = landbridge.transfer(
        None, target, method="scratch", seeds=1, training=TRAINING, out=tmp_path / "run"
    )
    said = run.evaluate(domain(rows(2, 40, "multiclass"), "multiclass"))["comparison"]
    assert said["outcome"] is None
    assert "kept no transfer" in said["sentence"]
    assert not (tmp_path / "run" / "reference").exists()


@pytest.mark.slow
def test_the_command_says_it(made, tmp_path):
    from typer.testing import CliRunner

    from landbridge.cli.app import app

    rows(2, 40, "multiclass", 0.5).to_csv(tmp_path / "new.csv", index=False)
    words = ["eval", str(made("multiclass").path), str(tmp_path / "new.csv")]
    got = CliRunner().invoke(app, [*words, "--json"])
    assert got.exit_code == 0, got.output
    said = json.loads(got.stdout)["comparison"]["sentence"]
    assert " ".join(said.split()) in " ".join(CliRunner().invoke(app, words).output.split())
