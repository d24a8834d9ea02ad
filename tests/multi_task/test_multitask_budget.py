"""A budget of several tasks: fewer seeds, then shorter training; what is named is kept and said."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.base.errors import ConfigError
from landbridge.base.events import SILENT, Events
from landbridge.multi_task import budget as module
from landbridge.multi_task.budget import PLAN, FitPlan, plan_fits
from landbridge.training.plan import Phase, TermSpec
from landbridge.training.probe import RowCosts


def made_of(steps: int = 1000, named: bool = False):
    """Return fits of two tasks that cost a second for each hundred steps; and what is said."""
    said: list[dict] = []
    listener = SimpleNamespace(event=said.append, progress=SILENT.progress)
    phase = Phase(
        name="tasks", steps=steps, learning_rate=1e-3, terms=(TermSpec("tasks"),),
        batch_size=10, augment="none", named=named, source_weight=0.0,
    )  # fmt: skip
    fits = SimpleNamespace(
        tasks=[0, 1],
        test_rows=np.arange(10),
        phase=lambda chosen: phase,
        events=Events(None, listener),
    )
    return fits, said


@pytest.fixture(autouse=True)
def costs(monkeypatch):
    monkeypatch.setattr(module, "_probe", lambda fits, allowed: RowCosts(1e-3, 0, 0, 0.1, 0.0))


@pytest.mark.parametrize(
    ("budget", "alone", "seeds", "expected"),
    [
        ("10m", ["a", "b"], None, (3, 1.0)),
        ("70s", ["a", "b"], None, (2, 1.0)),  # three fits of 10 s, two seeds
        ("40s", [], None, (3, 1.0)),
        ("50s", ["a", "b"], None, (2, 0.64)),
        ("5s", ["a", "b"], None, (2, 0.25)),
        ("5s", ["a", "b"], 3, (3, 0.25)),
    ],
)
def test_what_a_budget_allows(budget, alone, seeds, expected):
    fits, said = made_of()
    plan = plan_fits(fits, alone, seeds, budget, None)
    assert (plan.seeds, plan.scale) == expected
    warned = [event for event in said if event["event"] == "warning"]
    assert bool(warned) == (budget == "5s")
    assert bool([event for event in said if event["event"] == "note"]) == (
        plan.scale < 1 or bool(plan.note)
    )


def test_steps_that_are_named_are_kept_and_said():
    fits, said = made_of(named=True)
    plan = plan_fits(fits, ["a"], 3, "5s", None)
    assert plan.seeds == 3
    assert fits.phase([0]).scaled(plan.scale).steps == 1000
    assert any("shortest plan takes about" in event["message"] for event in said)


def test_steps_that_are_named_are_those_of_every_fit(monkeypatch):
    from landbridge.multi_task import fits

    taken, train = [], fits.train

    def heard(network, phases, *rest, **how):
        taken.extend(phase.steps for phase in phases)
        return train(network, phases, *rest, **how)

    monkeypatch.setattr(fits, "train", heard)
    x = np.random.default_rng(0).normal(size=(40, 3))
    labels = {"kind": np.where(x[:, 0] > 0, "up", "down"), "size": x.sum(1)}
    landbridge.multitask((x, labels), ["kind", "size"], steps=7, seeds=1)
    assert taken == [7, 7, 7]


def test_an_interrupted_call_goes_on_with_its_plan(tmp_path, monkeypatch):
    fits, _ = made_of()
    plan = plan_fits(fits, ["a", "b"], None, "50s", tmp_path)
    assert (tmp_path / PLAN).exists()
    monkeypatch.setattr(module, "_probe", lambda fits, allowed: RowCosts(9.0, 0, 0, 0, 0))
    assert plan_fits(fits, ["a", "b"], None, "50s", tmp_path) == plan
    assert isinstance(plan, FitPlan)


@pytest.mark.parametrize("budget", ["", "soon", "0s"])
def test_a_budget_that_is_no_time_is_named(budget):
    with pytest.raises(ConfigError, match="budget"):
        landbridge.multitask(pd.DataFrame({"a": [1]}), ["a", "b"], budget=budget)


def table(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 3))
    return pd.DataFrame(x, columns=list("abc")).assign(
        kind=np.where(x[:, 0] > 0, "up", "down"), side=np.where(x[:, 1] > 0, "left", "right")
    )


@pytest.mark.slow
def test_the_command_takes_a_budget_and_leaves_out_what_was_learned_from(tmp_path):
    from typer.testing import CliRunner

    from landbridge.cli.app import app

    rows = table()
    rows["split"] = ["train"] * 40 + ["test"] * 20
    rows.loc[40:49, list("abc")] = rows.loc[0:9, list("abc")].to_numpy()
    path = tmp_path / "rows.csv"
    rows.to_csv(path, index=False)
    words = ["multitask", str(path), "--labels", "kind,side", "--backbone", "mlp", "--json"]
    words += ["--set", "training.steps=5"]
    for more, judged in ((["--budget", "3s"], 10), (["--keep-duplicates", "--seeds", "1"], 20)):
        out = tmp_path / f"out{judged}"
        got = CliRunner().invoke(app, [*words, *more, "--out", str(out)])
        assert got.exit_code == 0, got.output
        facts = json.loads(got.stdout)
        assert facts["judged"] == judged
        assert facts["seen"]["found"] == 10
        assert facts["seeds"] == (2 if judged == 10 else 1)
        assert {task["judged_rows"] for task in facts["verdict"]} == {judged}
        assert "10 of 20 rows to judge were learned from" in (out / "report.html").read_text(
            "utf-8"
        )
